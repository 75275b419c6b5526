"""One clock for a run: the process that leads it starts the clock, workers follow what it tells them."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED = 10
"""Tellings that are weighed; older ones would hide that two machines' clocks drift apart."""


class RunClock:
    """Seconds since the load began, on monotonic time: the time of day of two machines does not matter."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: deque[float] = deque([now()], maxlen=_REMEMBERED)
        self._ended: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning, or from it to the end."""
        if self._ended is not None:
            return self._ended
        return max(0.0, self._now() - min(self._began))

    def begin(self) -> None:
        """Start from zero, here and now."""
        self._ended = None
        self._began.clear()
        self._began.append(self._now())

    def follow(self, elapsed: float, *, anew: bool = False) -> None:
        """Take over the leader's elapsed seconds, as told just now; `anew` forgets what was told before.

        A telling is always late by its way here, so of the last ones the one that came fastest is believed.
        """
        if anew:
            self._ended = None
            self._began.clear()
        self._began.append(self._now() - elapsed)

    def end(self) -> None:
        """Stop here; later calls change nothing."""
        if self._ended is None:
            self._ended = self.elapsed
