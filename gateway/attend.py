"""Stop waiting for a service when the client has left."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.incoming import ClientGone

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.incoming import Body

LOOKS_AFTER = 0.1
"""Seconds of waiting after which the client is watched; most answers are there by then, and cost no task."""


async def attended[T](body: Body, work: Awaitable[T]) -> T:
    """What `work` comes to; it is cancelled at once when the client leaves.

    Raises:
        ClientGone: the client left first.
    """
    loop = asyncio.get_running_loop()
    watches: list[asyncio.Task[None]] = []
    scope = asyncio.timeout(None)
    timer = loop.call_later(LOOKS_AFTER, lambda: watches.append(loop.create_task(_end_when_gone(body, scope))))
    try:
        async with scope:
            return await work
    except TimeoutError:
        if scope.expired():
            raise ClientGone from None
        raise
    finally:
        timer.cancel()
        for watch in watches:
            watch.cancel()


async def _end_when_gone(body: Body, scope: asyncio.Timeout) -> None:
    await body.gone()
    scope.reschedule(asyncio.get_running_loop().time())
