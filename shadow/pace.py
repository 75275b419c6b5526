"""The share of copies a service gets: less as soon as it answers slowly, more again bit by bit. Pure.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681 §3.1), on how long the service takes to begin its
answers to clients, beside the least it was found to need.
"""

from __future__ import annotations

from dataclasses import dataclass

from shadow.buckets import Sampler

LEAST = 0.01
"""The share below which it never goes: something is always compared."""
STEP = 0.05
"""What is added after each interval without slowness."""
CUT = 0.5
"""What is left of it after an interval that was slow."""
INTERVAL = 0.5
"""Seconds between two decisions."""
SLACK = 0.02
"""Seconds by which an answer may always be later: a service that needs 2 ms is not slow at 5."""
FORGET = 600.0
"""Seconds in which a floor doubles, so that a service that has become slower for good is not held back for ever."""
_WEIGHT = 1 / 8
_KNOWN = 8
"""Answers of a route before it is judged."""


@dataclass(slots=True)
class _Latency:
    """Seconds to the first byte: `recent` smoothed over some eight answers, `floor` the least that has been."""

    recent: float
    floor: float
    at: float
    answers: int = 1

    def add(self, seconds: float, now: float) -> None:
        self.answers += 1
        # While little is known every answer counts alike.
        self.recent += (seconds - self.recent) * max(_WEIGHT, 1 / self.answers)
        self.floor *= 2.0 ** ((now - self.at) / FORGET)
        self.at = now
        self.floor = self.recent if self.answers <= _KNOWN else min(self.floor, self.recent)


class Pace:
    """One service; from `slow` times its floor on it is slow. `now` is seconds of a clock that never goes back.

    `share` is that of copies, 0 to 1.
    """

    def __init__(self, slow: float) -> None:
        self._slow = slow
        self._routes: dict[str, _Latency] = {}
        self._sampler = Sampler()
        self._decided = 0.0
        self._answers = 0
        self._late = 0
        self.share = 1.0

    def answered(self, route: str, seconds: float, now: float) -> None:
        """The service began to answer a client after so many seconds."""
        known = self._routes.get(route)
        if known is None:
            self._routes[route] = known = _Latency(seconds, seconds, now)
        else:
            known.add(seconds, now)
        self._answers += 1
        self._late += known.answers > _KNOWN and known.recent > self._slow * known.floor + SLACK
        if now - self._decided >= INTERVAL:
            self._decide(now)

    def takes(self) -> bool:
        """Whether the next copy is made; over many, about `share` of them are."""
        return self._sampler.take("", self.share)

    @property
    def slowest(self) -> tuple[str, float, float]:
        """The route that is furthest above its floor: id, seconds now, seconds at best; empty before any answer."""
        if not self._routes:
            return "", 0.0, 0.0
        name, worst = max(self._routes.items(), key=lambda item: item[1].recent / max(item[1].floor, 1e-9))
        return name, worst.recent, worst.floor

    def _decide(self, now: float) -> None:
        if 2 * self._late > self._answers:
            self.share = max(LEAST, self.share * CUT)
        else:
            self.share = min(1.0, self.share + STEP)
        self._decided, self._answers, self._late = now, 0, 0
