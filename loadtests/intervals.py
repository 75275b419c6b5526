"""Intervals for shares and quantiles of what a sample was drawn from, assuming no distribution."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.histogram import Histogram

CONFIDENCE = 0.95
"""Of every interval: so often it holds the true value."""
_PRECISION = 1e-10
_TERMS = 500
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value between the bounds that a true value is likely to lie in; `high` may be infinite."""

    value: float
    low: float
    high: float

    def around(self, other: Interval) -> Interval:
        """This value with the wider of both bounds."""
        return Interval(self.value, min(self.low, other.low), max(self.high, other.high))


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF §8.17.22)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_below(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) * _fraction(x, a, b) / a


def rate_interval(hits: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The share of hits, 0 to 1, with bounds that hold it at least so often (Clopper and Pearson, 1934)."""
    if not trials:
        return Interval(0.0, 0.0, 1.0)
    alpha = (1 - confidence) / 2
    low = _root(lambda p: beta_below(p, hits, trials - hits + 1) - alpha) if hits else 0.0
    high = _root(lambda p: beta_below(p, hits + 1, trials - hits) - 1 + alpha) if hits < trials else 1.0
    return Interval(hits / trials, low, high)


def quantile_interval(histogram: Histogram, share: float, confidence: float = CONFIDENCE) -> Interval:
    """A quantile in milliseconds between two of the answers, chosen by rank.

    `high` is infinite while even the latest answer may lie below the quantile: see `answers_needed`.
    """
    total = histogram.total
    if not total:
        return Interval(0.0, 0.0, math.inf)
    alpha = (1 - confidence) / 2
    below = _greatest(0, total, lambda rank: not rank or 1 - beta_below(share, rank, total - rank + 1) <= alpha)
    above = _greatest(1, total + 1, lambda rank: beta_below(share, rank - 1, total - rank + 2) > alpha)
    return Interval(
        histogram.quantile(share),
        value_at(histogram, below) if below else 0.0,
        value_at(histogram, above) if above <= total else math.inf,
    )


def answers_needed(share: float, confidence: float = CONFIDENCE) -> int:
    """How many answers it takes until the latest of them bounds the quantile from above."""
    return math.ceil(math.log((1 - confidence) / 2) / math.log(share))


def t_value(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Student's t: so many standard errors to each side hold the mean so often."""
    outside = 1 - confidence

    def excess(x: float) -> float:
        # x = freedom / (freedom + t²) has a beta distribution; the share outside ±t is I_x(freedom/2, 1/2).
        return beta_below(x, freedom / 2, 0.5) - outside

    x = max(_root(excess), _TINY)
    return math.sqrt(freedom * (1 - x) / x)


def value_at(histogram: Histogram, rank: int) -> float:
    """The rank-th smallest latency in milliseconds, from 1."""
    return histogram.quantile((rank - 0.5) / histogram.total)


def _fraction(x: float, a: float, b: float) -> float:
    """Lentz's method."""
    c, d = 1.0, 1.0 / _kept(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / _kept(1 + even * d), _kept(1 + even / c)
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / _kept(1 + odd * d), _kept(1 + odd / c)
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _greatest(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The greatest number from low to high that the property holds for; it holds for low, and ends once."""
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
