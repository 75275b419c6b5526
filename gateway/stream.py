"""Pass an answer on piece by piece; notice at once when the client leaves; never end a broken answer cleanly."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from gateway.incoming import ClientGone
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.answer import Answer, Arriving
    from gateway.incoming import Body, Turn

    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BROKEN = "broken"
"""How a delivery failed when it was the service that broke off."""
GONE = "client-gone"
"""How it failed when it was the client that left."""
_BODYLESS = frozenset({204, 304})
"""Their Content-Length, where a service sends one, counts a body that does not follow (RFC 9110 §8.6)."""


@dataclass(slots=True)
class Delivery:
    """What became of an answer: bytes passed on, and `BROKEN`, `GONE` or nothing."""

    size: int
    failure: str = ""


async def deliver(answer: Answer, body: Body, send: Send) -> Delivery:
    """Send the answer; the service's side is given up at once when the client leaves.

    A pause of the client pauses the service: one piece is in flight at a time. When the service breaks off the
    answer is left incomplete, so that the server cuts the connection and the client sees it. A client that leaves
    with every byte that Content-Length promised has its answer: that is no failure.
    """
    given = answer.headers
    if answer.status in _BODYLESS:
        given = tuple([pair for pair in given if pair[0].lower() != "content-length"])
    if body.turn is not None and isinstance(answer.body, bytes):
        await body.turn.answer(answer.status, given, answer.body)
        return Delivery(len(answer.body))
    headers = [(_lower(name), value.encode("latin-1")) for name, value in given]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if isinstance(answer.body, bytes):
        await send({"type": "http.response.body", "body": answer.body})
        return Delivery(len(answer.body))
    delivery = await _relay(answer.body, body, send)
    if delivery.failure == GONE and ("content-length", str(delivery.size)) in [(n.lower(), v) for n, v in given]:
        delivery.failure = ""
    return delivery


@lru_cache(maxsize=4096)
def _lower(name: str) -> bytes:
    return name.lower().encode("latin-1")


async def _relay(arriving: Arriving, body: Body, send: Send) -> Delivery:
    watch = _watch(arriving, body)
    size = 0
    try:
        while piece := await arriving.take():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            size += len(piece)
        if watch.done():
            return Delivery(size, GONE)
        await send({"type": "http.response.body", "body": b""})
    except (TransportError, ClientGone):
        return Delivery(size, GONE if watch.done() else BROKEN)
    finally:
        watch.cancel()
        arriving.close()
    return Delivery(size)


def _watch(arriving: Arriving, body: Body) -> _Watch:
    """Give the service's side up when the client leaves; `done` says whether it has."""
    if body.turn is not None and body.taken:
        return _Told(arriving, body.turn)
    body.release()
    return asyncio.create_task(_give_up_when_gone(arriving, body))


class _Watch(Protocol):
    def done(self) -> bool: ...
    def cancel(self) -> object: ...


class _Told:
    """A watch that costs no task: the listener tells. `cancel` ends it."""

    def __init__(self, arriving: Arriving, turn: Turn) -> None:
        self._turn = turn
        turn.watch = arriving.close
        if turn.gone:
            arriving.close()

    def done(self) -> bool:
        return self._turn.gone

    def cancel(self) -> None:
        self._turn.watch = None


async def _give_up_when_gone(arriving: Arriving, body: Body) -> None:
    await body.gone()
    arriving.close()
