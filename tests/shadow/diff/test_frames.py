"""WebSocket conversations against each other."""

from __future__ import annotations

import pytest

from gateway.config.shadowing import like
from gateway.core.exchange import Close, Frame
from shadow.diff.found import Budget
from shadow.diff.frames import diff, ends
from shadow.diff.meaning import Meanings
from tests.shadow.cases import found_as


def frame(data: bytes, *, client: bool = False, text: bool = True) -> Frame:
    """One message."""
    return Frame(from_client=client, text=text, data=data)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        ([frame(b'{"a":1}')], [frame(b'{"a": 1}')], []),
        ([frame(b'{"a":1}')], [frame(b'{"a":2}')], ["frame server[0]$.a changed"]),
        ([frame(b"x"), frame(b"y")], [frame(b"x")], ["frame server[1] missing"]),
        ([], [frame(b"x", client=True)], ["frame client[0] extra"]),
        ([frame(b"x"), frame(b"y")], [frame(b"y"), frame(b"x")], ["frame server order"]),
        ([frame(b"x")], [frame(b"y")], ["frame server[0] changed"]),
        ([frame(b"x")], [frame(b"x", text=False)], ["frame server[0] type"]),
        ([frame(b"\0", text=False)], [frame(b"\1", text=False)], ["frame server[0] changed"]),
        ([frame(b"a", client=True), frame(b"x")], [frame(b"x"), frame(b"a", client=True)], []),
    ],
)
def test_conversations(legacy: list[Frame], gateway: list[Frame], expected: list[str]) -> None:
    """Each direction is compared by itself; JSON messages by their members."""
    assert found_as(list(diff(tuple(legacy), tuple(gateway), Budget()))) == expected


def test_messages_may_be_compared_by_meaning() -> None:
    """A declared place holds in every message."""
    legacy = (frame(b'{"at":"2026-11-22T18:00:00Z","n":1}'), frame(b"x"))
    gateway = (frame(b'{"at":"2026-11-22T19:00:00+01:00","n":2}'), frame(b"x"))
    meanings = Meanings({"$.at": like("timestamp")})
    assert found_as(list(diff(legacy, gateway, Budget(), meanings))) == ["frame server[0]$.n changed"]


NORMAL, GOING = Close(from_client=False, code=1000), Close(from_client=False, code=1001)
LEFT = Close(from_client=True, code=1005)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        (NORMAL, NORMAL, []),
        (NORMAL, GOING, ["frame close changed"]),
        (NORMAL, None, ["frame close missing"]),
        (NORMAL, LEFT, ["frame close missing"]),
        (NORMAL, Close(from_client=False, code=1000, reason="bye"), ["frame close.reason changed"]),
        (None, GOING, []),
        (LEFT, GOING, []),
    ],
)
def test_how_the_service_closed_counts(legacy: Close | None, gateway: Close | None, expected: list[str]) -> None:
    """Its code and reason do; how a client left, or an end nobody saw, does not."""
    assert found_as(list(ends(legacy, gateway))) == expected
