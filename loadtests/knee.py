"""Looking for the knee: which level of load comes next, and what the steps say of the capacity.

The search is a staircase (the up-and-down method; Dixon and Mood, 1948): up after a step that held, down after one
that broke. Steps double until one breaks, then shrink at each turn; at the smallest step it goes on turning, and each
turn there is one estimate of the level at which half of the steps would break.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from loadtests.blocks import log_mean
from loadtests.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

_FACTORS = (2.0, 1.5, 1.25, 1.12)
"""By how much the level changes, after so many turns."""
_ENOUGH = 6
"""Turns at the smallest step after which the search ends."""
_ALIKE = 1.5
"""Turns follow one another, so they disagree less than independent estimates; found by simulation (test_knee.py)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One level of load, held for a while: users or arrivals a second, answers a second, and how it went.

    `reason` says what broke; it is empty when the objectives held.
    """

    level: float
    rate: float
    p95_ms: float
    error_rate: float
    begin: float
    end: float
    reason: str = ""

    @property
    def held(self) -> bool:
        """Whether the objectives held."""
        return not self.reason

    def to_json(self) -> dict[str, Any]:
        """All of it, rounded, and `held`."""
        return {
            "level": round(self.level, 3),
            "rate": round(self.rate, 2),
            "p95_ms": round(self.p95_ms, 3),
            "error_rate": round(self.error_rate, 6),
            "begin": round(self.begin, 2),
            "end": round(self.end, 2),
            "reason": self.reason,
            "held": self.held,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`, but for rounding."""
        return cls(**{name: item for name, item in value.items() if name != "held"})


@dataclass(frozen=True, slots=True)
class Search:
    """Where the search begins, and the levels that it does not leave; all above 0."""

    start: float
    least: float
    most: float

    def next(self, steps: Sequence[Step]) -> float | None:
        """The level of the step after these, or None when enough is known. Pure."""
        if not steps:
            return self.start
        last = steps[-1]
        if (last.held and last.level >= self.most) or (not last.held and last.level <= self.least):
            at_edge = [step for step in steps if step.level == last.level and step.held == last.held]
            return last.level if len(at_edge) < 2 else None  # noqa: PLR2004 - one step may be an accident
        if len(_estimates(steps)) >= _ENOUGH:
            return None
        factor = _factor(len(_turns(steps)))
        return min(self.most, max(self.least, last.level * factor if last.held else last.level / factor))


@dataclass(frozen=True, slots=True)
class Capacity:
    """The level at which the objectives begin to break, and the answers a second that were sustained there.

    An interval without an upper bound (infinite) says that nothing broke; a value of 0 that nothing held.
    """

    level: Interval
    rate: Interval
    turns: int

    def to_json(self) -> dict[str, Any]:
        """Intervals as lists of value, lower and upper bound; null where there is no upper bound."""
        return {"level": _listed(self.level), "rate": _listed(self.rate), "turns": self.turns}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`, but for rounding."""
        return cls(_interval(value["level"]), _interval(value["rate"]), value["turns"])


def capacity(steps: Sequence[Step]) -> Capacity:
    """What the steps say: the turns at the smallest step, or what lies between held and broken when it was cut."""
    held = [step for step in steps if step.held]
    if not held:
        lowest = min((step.level for step in steps), default=math.inf)
        return Capacity(Interval(0.0, 0.0, lowest), Interval(0.0, 0.0, math.inf), 0)
    top = max(held, key=lambda step: step.level)
    if len(held) == len(steps):
        return Capacity(Interval(top.level, top.level, math.inf), Interval(top.rate, top.rate, math.inf), 0)
    found = _estimates(steps)
    if len(found) >= 2:  # noqa: PLR2004 - a spread takes two
        level, rate = (_spread([turn[which] for turn in found]) for which in (0, 1))
        return Capacity(level, rate, len(found))
    broken = min((step for step in steps if not step.held), key=lambda step: step.level)
    below = max((step for step in held if step.level <= broken.level), key=lambda step: step.level, default=top)
    middle = math.sqrt(below.level * max(broken.level, below.level))
    level = Interval(middle, min(below.level, broken.level), max(top.level, broken.level))
    return Capacity(level, Interval(below.rate, below.rate, max(below.rate, broken.rate, top.rate)), len(found))


def _turns(steps: Sequence[Step]) -> list[tuple[Step, Step]]:
    return [(one, other) for one, other in pairwise(steps) if one.held != other.held]


def _estimates(steps: Sequence[Step]) -> list[tuple[float, float]]:
    """Level and rate of each turn at the smallest step: between the two levels, and what held there."""
    fine = _turns(steps)[len(_FACTORS) - 1 :]
    return [(math.sqrt(one.level * other.level), max((one if one.held else other).rate, 1e-9)) for one, other in fine]


def _spread(estimates: Sequence[float]) -> Interval:
    """Their mean; no estimate is finer than half a step."""
    found = log_mean(estimates)
    half = math.hypot(_ALIKE * math.log(found.high / found.value), math.log(_FACTORS[-1]) / 2)
    return Interval(found.value, found.value * math.exp(-half), found.value * math.exp(half))


def _factor(turns: int) -> float:
    return _FACTORS[min(turns, len(_FACTORS) - 1)]


def _listed(item: Interval) -> list[float | None]:
    return [round(bound, 3) if math.isfinite(bound) else None for bound in (item.value, item.low, item.high)]


def _interval(value: list[float | None]) -> Interval:
    return Interval(*(math.inf if bound is None else bound for bound in value))
