"""When events came."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.exchange import Response
from shadow.diff.cadence import diff
from tests.shadow.cases import found_as

EVENT = b"data: 1\n\n"
STREAM = (("content-type", "text/event-stream; charset=utf-8"),)


def stream(*times: float, headers: tuple[tuple[str, str], ...] = STREAM) -> Response:
    """A stream whose events came at these times."""
    arrivals = tuple((at, len(EVENT) * (number + 1)) for number, at in enumerate(times))
    return Response(200, headers, EVENT * len(times), arrivals=arrivals)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        (stream(0.1, 0.5, 1.0), stream(1.0, 1.0, 1.01), ["stream cadence changed"]),
        (stream(0.1, 0.5, 1.0), stream(0.2, 0.7, 1.3), []),
        (stream(0.1, 0.2, 0.3), stream(0.3, 0.3, 0.3), []),
        (stream(0.3, 0.3, 0.3), stream(0.1, 0.5, 1.0), []),
        (stream(0.1, 0.5), stream(1.4, 1.8), ["stream first event changed"]),
        (stream(0.1, 0.5), stream(1.0, 1.4), []),
        (stream(2.0, 2.5), stream(5.0, 5.5), []),
        (stream(0.1, 1.5), stream(3.0), ["stream first event changed"]),
        (stream(0.1, 1.5), Response(200, STREAM, EVENT * 2), []),
        (Response(200, STREAM, EVENT * 2), stream(3.0, 3.0), []),
        (stream(0.1, 1.5), stream(1.5, 1.5, headers=(*STREAM, ("content-encoding", "gzip"))), []),
        (stream(0.1, 1.5, headers=()), stream(1.5, 1.5, headers=()), []),
    ],
)
def test_held_back_streams(legacy: Response, gateway: Response, expected: list[str]) -> None:
    """Events that came one by one and come together, or begin late; short and unknown times say nothing."""
    assert found_as(list(diff(legacy, gateway))) == expected


def test_an_event_is_there_with_its_last_byte() -> None:
    """However it was cut into pieces; a piece may hold several."""
    body = b"data: 1\n\ndata: 2\r\n\r\ndata: 3\n\n"
    whole = Response(200, STREAM, body, arrivals=((0.1, 3), (0.4, 9), (1.5, len(body))))
    (found,) = diff(whole, Response(200, STREAM, body, arrivals=((1.5, len(body)),)))
    assert (found.path, found.legacy, found.gateway) == ("cadence", 1.1, 0.0)


@given(st.lists(st.floats(0, 100), max_size=8))
@settings(deadline=None)
def test_a_stream_is_not_held_back_beside_itself(times: list[float]) -> None:
    """diff(x, x) is empty."""
    assert list(diff(stream(*sorted(times)), stream(*sorted(times)))) == []
