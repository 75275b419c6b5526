"""Arrivals at a constant rate, whether or not earlier ones were answered: the open model.

A load that waits for an answer before it sends the next request leaves out exactly the requests that a stall would
have hit ("coordinated omission"). Here each stream has its own timetable, sends on time without waiting, and counts
latency from the moment a request was due.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST_STREAMS = 100
_GOLDEN = (math.sqrt(5) - 1) / 2


def streams_for(rate: float) -> int:
    """How many streams make a rate: each about one arrival a second, a hundred streams at most."""
    return max(1, min(_MOST_STREAMS, math.ceil(rate)))


def phase_of(number: int, worker: int = 0) -> float:
    """Where in its period a stream arrives, from 0 to 1: however many there are, they are spread evenly."""
    return ((number + 1) * _GOLDEN + worker * _GOLDEN**3) % 1.0


@dataclass(frozen=True, slots=True)
class Timetable:
    """One stream's due times on the run's clock: every `period` seconds, from `phase` of the first one on."""

    period: float
    phase: float

    def after(self, elapsed: float) -> float:
        """The first due time later than this."""
        return (math.floor(elapsed / self.period - self.phase + 1e-9) + 1 + self.phase) * self.period
