"""Identical reads in flight become one: the first asks the service, the others get its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.core.exchange import header_values

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.answer import Answer
    from gateway.cache.key import Key
    from gateway.core.exchange import Headers

MOST = 256
"""Requests that wait for one answer; any further goes on its own."""


class _Flight:
    def __init__(self, service: str, request: Headers, work: Awaitable[Answer]) -> None:
        self.service = service
        self.request = request
        self.waiting = 0
        self.closed = False
        self.task = asyncio.ensure_future(work)
        self.task.add_done_callback(_look)

    async def land(self) -> Answer:
        """The answer; whoever leaves last takes the question back."""
        self.waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self.waiting -= 1
            if not self.waiting and not self.task.done():
                self.closed = True
                self.task.cancel()


class Flights:
    """The reads of a gateway that others may join, by key."""

    def __init__(self) -> None:
        self._flights: dict[Key, _Flight] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def part(self, service: str) -> None:
        """A write passed: nobody joins the service's questions from before it, who may have to see its effect."""
        for flight in self._flights.values():
            if flight.service == service:
                flight.closed = True

    async def joined(
        self, key: Key, service: str, request: Headers, ask: Callable[[], Awaitable[Answer]]
    ) -> tuple[Answer, bool]:
        """The answer to the one question, and whether somebody else had asked it; else to a question of its own.

        A failure reaches everybody who waits for it and nobody later. An answer that did not come whole belongs to
        who asked, and one that depends on a header in which the two requests differ is not shared.
        """
        flight = self._flights.get(key)
        if flight is None or flight.closed:
            return await self._lead(key, service, request, ask), False
        if flight.waiting >= MOST:
            return await ask(), False
        answer = await flight.land()
        if isinstance(answer.body, bytes) and _same(answer.headers, flight.request, request):
            return answer, True
        return await ask(), False

    async def _lead(self, key: Key, service: str, request: Headers, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        flight = self._flights[key] = _Flight(service, request, ask())
        flight.task.add_done_callback(lambda _: self._flights.get(key) is flight and self._flights.pop(key))
        try:
            return await flight.land()
        except asyncio.CancelledError:
            # An answer that did not come whole would have been ours to pass on.
            flight.task.add_done_callback(_close)
            raise


def _look(task: asyncio.Future[Answer]) -> None:
    # Everybody may have left before a failure: then it is nobody's, and no warning either.
    if not task.cancelled():
        task.exception()


def _close(task: asyncio.Future[Answer]) -> None:
    if not task.cancelled() and task.exception() is None and not isinstance(task.result().body, bytes):
        task.result().body.close()  # type: ignore[union-attr]


def _same(headers: Headers, one: Headers, other: Headers) -> bool:
    names = {name.strip() for value in header_values(headers, "vary") for name in value.split(",")}
    return "*" not in names and all(header_values(one, name) == header_values(other, name) for name in names)
