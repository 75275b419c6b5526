"""Stop waiting for a service when the client has left."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from gateway.incoming import ClientGone

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.incoming import Body

LOOKS_EVERY = 0.1
"""Seconds: who waits for one to two of these is watched. Most answers are there by then, and cost no task."""


class _Waiting:
    __slots__ = ("body", "is_new", "left", "task", "watch")

    def __init__(self, body: Body) -> None:
        self.body = body
        self.task = cast("asyncio.Task[object]", asyncio.current_task())
        self.is_new = True
        self.left = False
        self.watch: asyncio.Task[None] | None = None

    async def end_when_gone(self) -> None:
        await self.body.gone()
        self.left = True
        self.task.cancel()


class Attention:
    """The requests of a gateway that wait for a service while their client may leave; one timer for all of them."""

    def __init__(self) -> None:
        self._waiting: set[_Waiting] = set()
        self._looking = False

    async def over[T](self, body: Body, work: Awaitable[T]) -> T:
        """What `work` comes to; it is cancelled at once when the client leaves.

        Raises:
            ClientGone: the client left first.
        """
        waiting = _Waiting(body)
        self._waiting.add(waiting)
        if not self._looking:
            self._look_again()
        try:
            return await work
        except asyncio.CancelledError:
            # Somebody else may want this task to end as well, and then it has to.
            if waiting.left and not waiting.task.uncancel():
                raise ClientGone from None
            raise
        finally:
            self._waiting.discard(waiting)
            if waiting.watch is not None:
                waiting.watch.cancel()

    def _look_again(self) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(LOOKS_EVERY, self._look)

    def _look(self) -> None:
        for waiting in self._waiting:
            if waiting.is_new:
                waiting.is_new = False
            elif waiting.watch is None:
                waiting.watch = asyncio.create_task(waiting.end_when_gone())
        self._looking = bool(self._waiting)
        if self._looking:
            self._look_again()
