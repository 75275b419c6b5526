"""A question of the gateway's own to a service: small, bounded, never a client's request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from gateway.core.routes import Timeouts
from gateway.transport.client import send
from gateway.transport.errors import Broken, Silent
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.transport.pool import Pool

ANSWER_LIMIT = 1 << 20
_PATIENCE = Timeouts(connect=2.0, first_byte=5.0, idle=5.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer of a service."""

    status: int
    headers: Headers
    body: bytes


async def ask(
    pool: Pool, url: str, target: str, headers: Headers = (), *, method: str = "GET", timeouts: Timeouts = _PATIENCE
) -> Reply:
    """The answer of the service at the base address `url`; a connection it had silently closed is replaced once.

    All of it takes no longer than the `timeouts` together: somebody may be waiting for what is asked here.

    Raises:
        TransportError: no usable answer in time, or one of more than 1 MiB.
    """
    try:
        async with asyncio.timeout(timeouts.connect + timeouts.first_byte + timeouts.idle):
            return await _answer(pool, url, target, headers, method, timeouts)
    except TimeoutError:
        raise Silent("the answer was not whole in time", sent=True) from None


async def _answer(pool: Pool, url: str, target: str, headers: Headers, method: str, timeouts: Timeouts) -> Reply:
    origin = origin_of(url)
    request = Request(method, target, (("Host", origin.authority), *headers))
    try:
        upstream = await send(pool, origin, request, None, timeouts)
    except Broken as error:
        if not error.stale:
            raise
        upstream = await send(pool, origin, request, None, timeouts, fresh=True)
    pieces, size = [], 0
    while piece := await upstream.take():
        pieces.append(piece)
        size += len(piece)
        if size > ANSWER_LIMIT:
            upstream.close()
            raise Broken("the answer is longer than 1 MiB")
    return Reply(upstream.status, upstream.headers, b"".join(pieces))
