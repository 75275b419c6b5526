"""Heads of answers as a shortcut passes them on."""

from __future__ import annotations

import pytest

from gateway.core.policy import Cors
from gateway.shortcut.relay import Manner, relayed
from gateway.transport.heads import Head

PLAIN = (("Date", "now"), ("Content-Length", "2"))
ANYONE = Manner(Cors(), None)


def test_lines_stand_around_the_gateways_own() -> None:
    """First the status and the service's lines, in order and lower case; what the page may do comes last."""
    head = Head(
        404, (("Server", "x"), *PLAIN, ("X-Twice", "1"), ("x-twice", "2"), ("Access-Control-Allow-Origin", "*"))
    )
    told = relayed(head, Manner(Cors(origins=("http://page",)), "http://page"))
    assert told is not None
    assert told.before == (
        "HTTP/1.1 404 Not Found\r\nserver: x\r\ndate: now\r\ncontent-length: 2\r\nx-twice: 1\r\nx-twice: 2\r\n"
    )
    assert told.after.startswith("access-control-allow-origin: http://page\r\n")
    assert told.after.endswith("vary: Origin\r\n")


def test_each_page_has_its_own() -> None:
    """What was worked out for one Origin is not told to another, and not worked out twice."""
    head, manners = Head(200, PLAIN), [Manner(Cors(), origin) for origin in (None, "http://a", "http://b")]
    first = [relayed(head, manner) for manner in manners]
    assert [relayed(head, manner) for manner in manners] == first
    assert first[0] is relayed(head, manners[0])
    assert first[0] is not None
    assert first[1] is not None
    assert first[0].after != first[1].after
    assert len(head.told) == len(manners)


def test_what_is_remembered_of_a_head_is_bounded() -> None:
    """However many pages ask while a service repeats a head."""
    head = Head(200, PLAIN)
    for number in range(1000):
        assert relayed(head, Manner(Cors(), f"http://{number}")) is not None
    assert len(head.told) <= 64


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (204, PLAIN),
        (304, PLAIN),
        (200, PLAIN[:1]),
        (200, PLAIN[1:]),
        (200, (*PLAIN, ("Content-Length", "2"))),
        (200, (*PLAIN, ("Transfer-Encoding", "chunked"))),
        (307, (*PLAIN, ("Location", "/a"))),
        (200, (*PLAIN, ("content-location", "/a"))),
        (200, (*PLAIN, ("RateLimit", '"a";r=1'))),
        (200, (*PLAIN, ("X-RateLimit-Reset", "1"))),
        (200, (*PLAIN, ("X-Line", "a\r\nb: c"))),
        (200, (*PLAIN, ("X-Nul", "\0"))),
    ],
)
def test_what_needs_more_than_the_head_goes_the_long_way(status: int, headers: tuple[tuple[str, str], ...]) -> None:
    """No body, no length, no date, addresses, the service's own limits, and lines that are none."""
    assert relayed(Head(status, headers), ANYONE) is None
    assert relayed(Head(200, PLAIN), ANYONE) is not None
