"""A connection on which shortcuts answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.listen.bounds import Bounds
from gateway.listen.http1 import Http1
from gateway.listen.passage import Passage
from gateway.listen.reception import Reception
from tests.apps.listening import answer
from tests.gateway.listen.test_heads import Pipe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.listen.heads import Known
    from gateway.listen.passage import Passing

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


class Waiting(Passage):
    """Somebody who answers when a test says so."""

    def __init__(self) -> None:
        self.left = 0

    def leave(self) -> None:
        """See Passage."""
        self.left += 1


class Short:
    """A shortcut that is taken while `open`."""

    def __init__(self) -> None:
        self.open = True
        self.wires: list[Passing] = []
        self.passage = Waiting()

    def take(self, wire: Passing) -> bool:
        """See Shortcut."""
        if self.open:
            wire.begin(self.passage)
            self.wires.append(wire)
        return self.open


class Line:
    """One connection with a shortcut at the head of `GET`."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.reception = Reception(self._app, lambda: Bounds(idle=0.2, keep_alive=0.2), lambda *_: None)
        self.pipe, self.wire, self.short = Pipe(), Http1(self.reception), Short()
        self.wire.connection_made(self.pipe)
        self.wire.data_received(GET)
        self.known: Known | None = self.reception.heads.get(GET)
        assert self.known is not None
        self.known.leave(("1.2.3.4", False), self.short)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.asked.append(scope["path"])
        await answer(send, b"long")


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    """One connection whose head is known."""
    one = Line()
    await asyncio.sleep(0)
    one.pipe.got = b""
    yield one
    one.reception.close()


async def test_shortcut_is_taken_where_it_was_left(line: Line) -> None:
    """The same bytes go the shorter way; their answer is what the shortcut says, and the connection rests again."""
    line.wire.data_received(GET)
    assert (line.reception.passing, line.pipe.got) == (1, b"")
    line.wire.write(b"short")
    line.wire.passed(close=False)
    await asyncio.sleep(0)
    assert (line.reception.passing, line.pipe.got, line.pipe.ended) == (0, b"short", "")
    line.wire.data_received(GET)
    line.wire.write(b"short")
    line.wire.passed(close=True)
    assert (line.reception.passing, line.pipe.got, line.pipe.ended) == (0, b"shortshort", "closed")
    assert line.asked == ["/a"]


async def test_what_is_refused_goes_the_long_way(line: Line) -> None:
    """A shortcut that does not hold has done nothing, and the application answers."""
    line.short.open = False
    line.wire.data_received(GET)
    await asyncio.sleep(0)
    assert (line.asked, line.reception.passing) == (["/a", "/a"], 0)
    assert line.pipe.got.endswith(b"long")


async def test_handed_over_it_is_like_any_other(line: Line) -> None:
    """The application that is named answers, and what came behind waits for it."""
    line.wire.data_received(GET)
    line.wire.data_received(GET.replace(b"/a", b"/b"))

    async def other(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"handed over")

    assert line.known is not None
    assert line.asked == ["/a"]
    line.wire.hand_over(other)
    await asyncio.sleep(0)
    first, _, second = line.pipe.got.partition(b"handed over")
    assert (first.count(b"HTTP/1.1 200"), second.endswith(b"long"), line.reception.passing) == (1, True, 0)
    assert line.asked == ["/a", "/b"]


async def test_client_that_leaves_is_told_of(line: Line) -> None:
    """Whoever answers hears it, from a cut as well."""
    line.wire.data_received(GET)
    line.wire.cut()
    assert line.short.passage.left == 1
    line.wire.connection_lost(None)
    assert line.short.passage.left >= 1


async def test_nothing_is_waited_for_but_the_answer(line: Line) -> None:
    """A passage has its whole request: however long it takes, no limit on clients ends it."""
    line.wire.data_received(GET)
    for _ in range(20):
        line.wire.tick(0.1)
    assert (line.pipe.ended, line.short.passage.left, line.short.passage.lags(9, 0, 1)) == ("", 0, False)
    line.short.passage.fail("slow")
    line.wire.write(b"late")
    line.wire.passed(close=False)
    await asyncio.sleep(0)
    assert line.pipe.got == b"late"
    line.wire.tick(0.3)
    assert line.pipe.ended == "closed"


async def test_answer_that_still_waits_is_not_overtaken_by_a_refused_upgrade(line: Line) -> None:
    """A client that asks for a socket behind its request gets both answers in their order."""
    line.wire.data_received(GET)
    # Others send first in this turn of the loop.
    line.reception.batch.add(line.wire)
    line.wire.write(b"short")
    line.wire.passed(close=False)
    assert line.pipe.got == b""
    # The version of the handshake is wrong, and nobody need be asked to refuse it.
    line.wire.data_received(
        b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 1\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await asyncio.sleep(0)
    assert line.pipe.got.startswith(b"shortHTTP/1.1 4")
    assert (line.pipe.got.count(b"short"), line.pipe.ended) == (1, "half")
