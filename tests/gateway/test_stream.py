"""Delivering answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.answer import Answer
from gateway.incoming import Body
from gateway.stream import Delivery, deliver
from gateway.transport.errors import Broken


class Pieces:
    """An arriving body that ends, breaks, or waits until it is closed."""

    def __init__(self, *pieces: bytes, then: Exception | None = None, hang: bool = False) -> None:
        self.closed = asyncio.Event()
        self._pieces = list(pieces)
        self._then = then
        self._hang = hang

    async def take(self) -> bytes:
        """The next piece."""
        if self._pieces:
            return self._pieces.pop(0)
        if self._hang:
            await self.closed.wait()
            raise Broken("closed")
        if self._then:
            raise self._then
        return b""

    def close(self) -> None:
        """Give up."""
        self.closed.set()


async def sent(answer: Answer, *, leaves: bool = False) -> tuple[Delivery, list[dict[str, Any]]]:
    """Deliver to a client that stays, or leaves."""
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    async with asyncio.timeout(5):
        return await deliver(answer, Body(receive, (), 0), send), messages


async def test_whole_body_goes_in_one_piece() -> None:
    """A whole answer is a head and one body message; header names go out in lower case."""
    delivery, messages = await sent(Answer(201, (("A", "\xff"),), b"hi"))
    assert delivery == Delivery(2)
    assert messages[0] == {"type": "http.response.start", "status": 201, "headers": [(b"a", b"\xff")]}
    assert messages[1:] == [{"type": "http.response.body", "body": b"hi"}]


async def test_pieces_go_one_by_one_and_end() -> None:
    """Each piece is one message, and only a complete body is ended; the source is closed."""
    body = Pieces(b"a", b"bc")
    delivery, messages = await sent(Answer(200, (), body))
    assert (delivery, body.closed.is_set()) == (Delivery(3), True)
    assert [message.get("body") for message in messages[1:]] == [b"a", b"bc", b""]
    assert [message.get("more_body", False) for message in messages[1:]] == [True, True, False]


async def test_broken_body_is_not_ended() -> None:
    """After a break no final message is sent."""
    delivery, messages = await sent(Answer(200, (), Pieces(b"a", then=Broken("x"))))
    assert delivery == Delivery(1, "broken")
    assert messages[-1]["more_body"]


@pytest.mark.parametrize("pieces", [(), (b"a",)])
async def test_client_that_leaves_ends_the_source(pieces: tuple[bytes, ...]) -> None:
    """When the client leaves, the source is given up at once and nothing more is sent."""
    body = Pieces(*pieces, hang=True)
    delivery, _ = await sent(Answer(200, (), body), leaves=True)
    assert (delivery.failure, body.closed.is_set()) == ("client-gone", True)


@pytest.mark.parametrize(("length", "failure"), [("1", ""), ("2", "client-gone")])
async def test_client_that_leaves_with_the_whole_answer_has_not_missed_any(length: str, failure: str) -> None:
    """A client that has every byte Content-Length promised may go: only one that lacks some counts as gone."""
    delivery, _ = await sent(Answer(200, (("Content-Length", length),), Pieces(b"a", hang=True)), leaves=True)
    assert delivery == Delivery(1, failure)


@pytest.mark.parametrize("status", [204, 304])
async def test_length_of_a_body_that_does_not_follow_is_left_out(status: int) -> None:
    """204 and 304 end with their head, whatever Content-Length a service sends with them (RFC 9110 §8.6)."""
    delivery, messages = await sent(Answer(status, (("Content-Length", "5"), ("ETag", "x")), Pieces()))
    assert delivery == Delivery(0)
    assert messages[0]["headers"] == [(b"etag", b"x")]


class OwnTurn:
    """A turn of our own listener that notes what is answered; `leave` makes its client leave."""

    def __init__(self) -> None:
        self.gone = False
        self.watch: Any = None
        self.answered: list[Any] = []

    async def answer(self, status: int, headers: Any, body: bytes) -> None:
        """Note."""
        self.answered.append((status, headers, body))

    def leave(self) -> None:
        """Leave."""
        self.gone = True
        self.watch()


async def told(answer: Answer, turn: OwnTurn) -> Delivery:
    """Deliver to a client of our own listener."""

    async def nothing(*_: Any) -> Any:
        await asyncio.sleep(0)

    body = Body(nothing, (), 0)
    body.turn = turn
    async with asyncio.timeout(5):
        return await deliver(answer, body, nothing)


async def test_own_listener_takes_a_whole_answer_at_once() -> None:
    """Nothing is said in messages; what counts a body that does not follow is left out."""
    turn = OwnTurn()
    assert await told(Answer(304, (("ETag", "x"), ("Content-Length", "9")), b""), turn) == Delivery(0)
    assert await told(Answer(200, (("Content-Length", "2"),), b"hi"), turn) == Delivery(2)
    assert turn.answered == [(304, (("ETag", "x"),), b""), (200, (("Content-Length", "2"),), b"hi")]


@pytest.mark.parametrize("early", [True, False])
async def test_own_listener_tells_of_a_leaving_client(early: bool) -> None:  # noqa: FBT001 - a row
    """The service's side is given up at once, also when the client had left before; nobody is told afterwards."""
    turn, arriving = OwnTurn(), Pieces(b"a", hang=True)
    turn.gone = early
    if not early:
        asyncio.get_running_loop().call_later(0.05, turn.leave)
    delivery = await told(Answer(200, (), arriving), turn)
    assert (delivery.failure, arriving.closed.is_set(), turn.watch) == ("client-gone", True, None)
