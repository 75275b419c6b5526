"""The share of copies a service gets: less as soon as it answers slowly, more again bit by bit. Pure.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681 §3.1), on how long the service takes to begin its
answers to clients, beside what it was found to need at best. Medians of a few answers are compared, so that a request
that takes long by nature, now and then, is no sign of slowness.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from shadow.buckets import Sampler

LEAST = 0.01
"""The share below which it never goes: something is always compared."""
STEP = 0.05
"""What is added after each interval without slowness."""
CUT = 0.5
"""What is left of it after an interval that was slow."""
INTERVAL = 0.5
"""Seconds between two decisions, at least."""
SLACK = 0.02
"""Seconds by which an answer may always be later: a service that needs 2 ms is not slow at 5."""
FORGET = 600.0
"""Seconds in which a floor doubles, so that a service that has become slower for good is not held back for ever."""
WINDOW = 11
"""Answers of a route whose median is compared."""
_DOWN = 0.25
"""How far a floor follows a median below it: the least of many medians would be chance."""


@dataclass(slots=True)
class _Route:
    """Seconds to the first byte: of the present window, the last one's median, and what that is at best."""

    at: float
    window: list[float] = field(default_factory=list)
    median: float = 0.0
    floor: float = 0.0

    def add(self, seconds: float, now: float) -> bool:
        """Whether this answer completed a window."""
        self.window.append(seconds)
        if len(self.window) < WINDOW:
            return False
        self.median = statistics.median(self.window)
        self.window.clear()
        if not self.floor:
            self.floor = self.median
        elif self.median < self.floor:
            self.floor += (self.median - self.floor) * _DOWN
        else:
            self.floor = min(self.median, self.floor * 2.0 ** ((now - self.at) / FORGET))
        self.at = now
        return True


class Pace:
    """One service; from `slow` times its floor on it is slow. `now` is seconds of a clock that never goes back.

    `share` is that of copies, 0 to 1.
    """

    def __init__(self, slow: float) -> None:
        self._slow = slow
        self._routes: dict[str, _Route] = {}
        self._sampler = Sampler()
        self._decided = 0.0
        self._windows = 0
        self._late = 0
        self.share = 1.0

    def answered(self, route: str, seconds: float, now: float) -> None:
        """The service began to answer a client after so many seconds."""
        known = self._routes.setdefault(route, _Route(now))
        if known.add(seconds, now):
            self._windows += 1
            self._late += known.median > self._slow * known.floor + SLACK
        if self._windows and now - self._decided >= INTERVAL:
            self._decide(now)

    def takes(self) -> bool:
        """Whether the next copy is made; over many, about `share` of them are."""
        return self._sampler.take("", self.share)

    @property
    def slowest(self) -> tuple[str, float, float]:
        """The route that is furthest above its floor: id, seconds now, seconds at best; empty before any is known."""
        known = {name: route for name, route in self._routes.items() if route.floor}
        if not known:
            return "", 0.0, 0.0
        name, worst = max(known.items(), key=lambda item: item[1].median / item[1].floor)
        return name, worst.median, worst.floor

    def _decide(self, now: float) -> None:
        if 2 * self._late > self._windows:
            self.share = max(LEAST, self.share * CUT)
        else:
            self.share = min(1.0, self.share + STEP)
        self._decided, self._windows, self._late = now, 0, 0
