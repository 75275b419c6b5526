"""How much load when: the course of a run. The levels are users, or arrivals a second."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """What a course looks like.

    `steady` and `soak` hold one level, `ramp` climbs to it in ten steps, `spike` jumps to a multiple of it for the
    middle third, `knee` looks for the level at which objectives break.
    """

    STEADY = "steady"
    RAMP = "ramp"
    SPIKE = "spike"
    SOAK = "soak"
    KNEE = "knee"


RUN_TIMES = {Shape.STEADY: 30.0, Shape.RAMP: 120.0, Shape.SPIKE: 90.0, Shape.SOAK: 3600.0, Shape.KNEE: 600.0}
"""Seconds that a run takes unless it is said; of a search for the knee, the most."""
_STEPS = 10


class Phase(StrEnum):
    """What a moment of a run is judged for: everything, errors alone, or nothing yet while it calms down."""

    JUDGED = "judged"
    SPIKE = "spike"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Course:
    """The level at each moment of a run of `run_time` seconds; `spike` is how many times the level a spike is."""

    shape: Shape
    level: float
    run_time: float
    spike: float = 5.0

    def at(self, elapsed: float) -> float | None:
        """The level after so many seconds; None when the run is over. Of a knee this is the most it may try."""
        if elapsed >= self.run_time:
            return None
        if self.shape is Shape.RAMP:
            return self.level * min(_STEPS, 1 + math.floor(elapsed / self.run_time * _STEPS)) / _STEPS
        return self.level * self.spike if self.phase(elapsed) is Phase.SPIKE else self.level

    def phase(self, elapsed: float) -> Phase:
        """What this moment is judged for; recovery takes a third of what follows a spike."""
        if self.shape is not Shape.SPIKE:
            return Phase.JUDGED
        begin, end = self.spiked
        if elapsed < begin:
            return Phase.JUDGED
        if elapsed < end:
            return Phase.SPIKE
        return Phase.RECOVERY if elapsed < end + (self.run_time - end) / 3 else Phase.JUDGED

    @property
    def spiked(self) -> tuple[float, float]:
        """From when to when the spike lasts, in seconds."""
        return self.run_time / 3, self.run_time * 2 / 3

    @property
    def most(self) -> float:
        """The highest level of the whole run."""
        return self.level * self.spike if self.shape is Shape.SPIKE else self.level
