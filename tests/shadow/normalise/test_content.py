"""Bodies read by their content type."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.normalise.content import BODY_LIMIT, Form, codings, media_type, parameter, read

if TYPE_CHECKING:
    from gateway.core.exchange import Headers


def typed(value: str, *more: tuple[str, str]) -> Headers:
    """Headers with this content type."""
    return (("Content-Type", value), *more)


@pytest.mark.parametrize(
    ("headers", "body", "form"),
    [
        ((), b"", Form.EMPTY),
        ((("Content-Type", "text/event-stream; charset=utf-8"),), b"", Form.STREAM),
        (typed("application/json"), b"{}", Form.JSON),
        (typed("application/problem+json; charset=utf-8"), b"{}", Form.JSON),
        (typed("application/json"), b"{", Form.BINARY),
        (typed("text/event-stream"), b"data: 1", Form.STREAM),
        (typed("text/html"), b"<p>", Form.TEXT),
        (typed("image/svg+xml"), b"<p>", Form.TEXT),
        (typed("text/plain; charset=nonsense"), b"x", Form.BINARY),
        (typed("text/plain; charset=latin-1"), b"\xe9", Form.TEXT),
        (typed("text/plain"), b"\xff", Form.BINARY),
        (typed("application/x-www-form-urlencoded"), b"a=1", Form.FORM),
        (typed("multipart/form-data; boundary=x"), b"--x--", Form.MULTIPART),
        ((), b"x", Form.BINARY),
        (typed("application/json"), b"0" * (BODY_LIMIT + 1), Form.HUGE),
    ],
)
def test_the_content_type_decides(headers: Headers, body: bytes, form: Form) -> None:
    """Each content type is read as its own form; what is not of its type is bytes."""
    assert read(headers, body).form is form


def test_encodings_are_undone_or_told() -> None:
    """A packed body is read unpacked; a plain one under a packed label is read as it is, and the lie is told."""
    packed = read(typed("application/json", ("content-encoding", "gzip")), gzip.compress(b'{"a":1}'))
    plain = read(typed("application/json", ("content-encoding", "gzip")), b'{"a":1}')
    assert packed.value == plain.value == {"a": 1}
    assert (packed.lie, bool(plain.lie)) == ("", True)


def test_headers_are_read_without_case_and_quotes() -> None:
    """Media type, codings and parameters are found in any spelling."""
    headers = typed('Multipart/Form-Data; charset=x; Boundary="a b"', ("Content-Encoding", "GZIP, identity,br"))
    assert media_type(headers) == "multipart/form-data"
    assert parameter(headers, "boundary") == "a b"
    assert parameter(headers, "absent") == ""
    assert codings(headers) == ("gzip", "br")


@given(st.binary(max_size=300), st.sampled_from(["application/json", "text/x", "text/event-stream", ""]))
def test_reading_never_raises(body: bytes, media: str) -> None:
    """Whatever the bytes are, they are read as something."""
    assert read(typed(media), body).data == body
