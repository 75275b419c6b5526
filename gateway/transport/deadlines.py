"""One timer for all connections that wait: a timer for each wait would cost more than the rest of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

TICK = 0.02
"""Seconds between two looks: how late a deadline may be noticed."""


class Waiting(Protocol):
    """Something that waits until `deadline`, a time of the event loop."""

    deadline: float

    def expire(self) -> None:
        """The deadline has passed."""


class Deadlines:
    """Those who wait. Looked at every `TICK` while there are any."""

    __slots__ = ("_clock", "_loop", "_ticking", "_waiting")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock: Callable[[], float] = self._loop.time
        self._waiting: set[Waiting] = set()
        self._ticking = False

    def add(self, waiting: Waiting) -> None:
        """It waits from now on."""
        self._waiting.add(waiting)
        if not self._ticking:
            self._ticking = True
            self._loop.call_later(TICK, self._look)

    def discard(self, waiting: Waiting) -> None:
        """It waits no more."""
        self._waiting.discard(waiting)

    def _look(self) -> None:
        now = self._clock()
        for late in [one for one in self._waiting if one.deadline <= now]:
            self._waiting.discard(late)
            late.expire()
        self._ticking = bool(self._waiting)
        if self._ticking:
            self._loop.call_later(TICK, self._look)
