"""By how much a figure changed between two commits, and whether that is more than the rounds' own scatter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, variance
from typing import TYPE_CHECKING

from loadtests.bench.figures import LESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.bench.figures import Figure

LEVEL = 0.95
"""How sure all intervals of one comparison are together."""
_STEPS = 128
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Change:
    """Present over base, the middle and an interval; `better` is what it is better to have of it, more or less.

    Without an interval there were too few rounds.
    """

    name: str
    better: str
    ratio: float
    low: float = 0.0
    high: float = math.inf
    rounds: int = 0

    @property
    def verdict(self) -> str:
        """`faster`, `slower`, `no change within noise` or `too few rounds`."""
        if math.isinf(self.high):
            return "too few rounds"
        if self.low <= 1 <= self.high:
            return "no change within noise"
        return "slower" if (self.ratio > 1) is (self.better == LESS) else "faster"

    def worse_than(self, tolerance: float) -> bool:
        """Whether it is slower beyond noise, and by more than a share such as 0.02."""
        less = self.ratio if self.better == LESS else 1 / self.ratio
        return self.verdict == "slower" and less > 1 + tolerance


def changes(present: Mapping[str, Figure], base: Mapping[str, Figure], *, paired: bool) -> list[Change]:
    """The change of each figure that both have.

    `paired` says that rounds of the same number were taken next to each other. The intervals together hold with
    95 %: of ten comparisons without any change, hardly one calls anything changed.
    """
    both = [name for name in present if name in base]
    level = 1 - (1 - LEVEL) / max(1, len(both))
    return [_change(present[name], base[name], level, paired=paired) for name in both]


def _change(present: Figure, base: Figure, level: float, *, paired: bool) -> Change:
    ours, theirs = present.values, base.values
    if not ours or not theirs or min(*ours, *theirs) <= 0:
        return Change(present.name, present.better, 1.0)
    one, two = [math.log(value) for value in ours], [math.log(value) for value in theirs]
    paired = paired and len(one) == len(two)
    middle, error, freedom = _paired(one, two) if paired else _apart(one, two)
    ratio = math.exp(middle)
    if freedom < 1:
        return Change(present.name, present.better, ratio)
    wide = error * student(freedom, level)
    low, high = math.exp(middle - wide), math.exp(middle + wide)
    return Change(present.name, present.better, ratio, low, high, min(len(one), len(two)))


def _paired(one: Sequence[float], two: Sequence[float]) -> tuple[float, float, float]:
    gaps = [left - right for left, right in zip(one, two, strict=True)]
    if len(gaps) < _FEWEST:
        return fmean(gaps), 0.0, 0.0
    return fmean(gaps), math.sqrt(variance(gaps) / len(gaps)), len(gaps) - 1.0


def _apart(one: Sequence[float], two: Sequence[float]) -> tuple[float, float, float]:
    """The difference of two means, its error and degrees of freedom (Welch and Satterthwaite)."""
    middle = fmean(one) - fmean(two)
    if min(len(one), len(two)) < _FEWEST:
        return middle, 0.0, 0.0
    parts = [variance(side) / len(side) for side in (one, two)]
    total = sum(parts)
    if not total:
        return middle, 0.0, len(one) + len(two) - 2.0
    below = sum(part * part / (len(side) - 1) for part, side in zip(parts, (one, two), strict=True))
    return middle, math.sqrt(total), total * total / below


@lru_cache(maxsize=256)
def student(freedom: float, level: float) -> float:
    """How many standard errors the middle `level` of Student's distribution reaches to either side."""
    # With t = sqrt(freedom) * tan(angle) the density becomes a power of the cosine, over a finite range.
    whole = _cosines(freedom, math.pi / 2)
    low, high = 0.0, math.pi / 2
    for _ in range(44):
        angle = (low + high) / 2
        low, high = (angle, high) if _cosines(freedom, angle) / whole < level else (low, angle)
    return math.sqrt(freedom) * math.tan(low)


def _cosines(freedom: float, end: float) -> float:
    """The integral of cos(angle) ** (freedom - 1) from 0 (Simpson)."""
    step = end / _STEPS

    def at(number: int) -> float:
        return math.pow(max(0.0, math.cos(number * step)), freedom - 1)

    inner = sum((4 if number % 2 else 2) * at(number) for number in range(1, _STEPS))
    return (at(0) + inner + at(_STEPS)) * step / 3
