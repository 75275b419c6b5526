from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Response
from shadow.wire import last_answer, to_bytes, to_text


@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9))))
def test_no_header_byte_is_lost(fields: list[tuple[bytes, bytes]]) -> None:
    """Any bytes become text and the same bytes again."""
    assert to_bytes(to_text(fields)) == tuple(fields)


def test_a_last_answer_closes_the_connection() -> None:
    """The answer stands in HTTP/1.1 form and announces the close."""
    made = last_answer(Response(503, (("content-length", "2"),), b"{}", "Service Unavailable"))
    assert made == b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
