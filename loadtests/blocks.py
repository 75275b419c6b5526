"""Intervals from slices: neighbours in time are alike, so slices are drawn again, never single answers.

A machine's noise comes in waves that outlast many answers. Answers of one slice share its wave; a pair of slices, one
of each side, shares it too, so what the pairs disagree on is what the measurement can not tell. Pairs are drawn with
replacement (block bootstrap; Künsch, 1989) under a fixed seed, and the spread is widened by Student's t for as many
blocks as there are.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from loadtests.intervals import CONFIDENCE, Interval, t_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.histogram import Histogram

FEWEST = 4
"""Blocks below which nothing is said of how they spread."""
_DRAWS = 300
_SEED = 20_261_128
_WIDTH = math.log(1.01)
_ORIGIN = math.log(0.01)

Weights = tuple[int, ...]
"""How often each block was drawn."""


@dataclass(frozen=True, slots=True)
class Block:
    """What one side answered during one slice: latencies, failures, and the seconds it lasted."""

    histogram: Histogram
    failures: int = 0
    seconds: float = 0.0


class Column:
    """One side's blocks, ready to be weighed many times."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        self._buckets = sorted({bucket for block in blocks for bucket in block.histogram.counts})
        self._totals = [block.histogram.total for block in blocks]
        self._rising = self._sums()

    def _sums(self) -> list[list[int]]:
        """For each bucket in use: per block, how many answers lie in it or below."""
        rows, below = [], [0] * len(self.blocks)
        for bucket in self._buckets:
            below = [
                seen + block.histogram.counts.get(bucket, 0) for seen, block in zip(below, self.blocks, strict=True)
            ]
            rows.append(below)
        return rows

    def answers(self, weights: Weights) -> int:
        """How many answers the drawn blocks hold."""
        return _dot(weights, self._totals)

    def failures(self, weights: Weights) -> int:
        """How many of them failed."""
        return _dot(weights, [block.failures for block in self.blocks])

    def seconds(self, weights: Weights) -> float:
        """How long the drawn blocks lasted."""
        return sum(weight * block.seconds for weight, block in zip(weights, self.blocks, strict=True))

    def quantile(self, weights: Weights, share: float) -> float:
        """A quantile of the drawn blocks in milliseconds, interpolated within its bucket; 0 without an answer."""
        wanted = share * self.answers(weights)
        if not wanted:
            return 0.0
        low, high = 0, len(self._buckets) - 1
        while low < high:
            middle = (low + high) // 2
            if _dot(weights, self._rising[middle]) >= wanted:
                high = middle
            else:
                low = middle + 1
        before = _dot(weights, self._rising[low - 1]) if low else 0
        part = (wanted - before) / (_dot(weights, self._rising[low]) - before)
        return math.exp(_ORIGIN + (self._buckets[low] + part) * _WIDTH)


def quantile_spread(blocks: Sequence[Block], share: float) -> Interval | None:
    """A quantile in milliseconds, with bounds from how the blocks disagree; None with too few of them."""
    column = Column(blocks)
    drawn = draws(len(column.blocks))
    return spread([column.quantile(weights, share) for weights in drawn], len(column.blocks), positive=True)


@lru_cache(maxsize=32)
def draws(blocks: int) -> tuple[Weights, ...]:
    """How often each block is taken: once each, then as drawn with replacement, the same every time."""
    dice = random.Random(_SEED)
    drawn = [Counter(dice.choices(range(blocks), k=blocks)) for _ in range(_DRAWS)] if blocks >= FEWEST else []
    return ((1,) * blocks, *(tuple(counts[number] for number in range(blocks)) for counts in drawn))


def spread(measured: Sequence[float], blocks: int, *, positive: bool) -> Interval | None:
    """A measure taken of each of `draws`, as its value with bounds; None with too few blocks, or nothing to measure.

    A `positive` measure is one of scale, whose logarithm is what spreads evenly; draws that give 0 are left out.
    """
    value, drawn = measured[0], measured[1:]
    if not positive:
        return _bounded(value, drawn, blocks) if drawn else None
    logs = [math.log(item) for item in drawn if item > 0]
    if value <= 0 or len(logs) < _DRAWS / 2:
        return None
    found = _bounded(math.log(value), logs, blocks)
    return Interval(value, math.exp(found.low), math.exp(found.high))


def log_mean(values: Sequence[float]) -> Interval:
    """The geometric mean of independent positive estimates, with Student's bounds; a single value has none."""
    logs = [math.log(value) for value in values]
    middle = fmean(logs)
    if len(logs) == 1:
        return Interval(math.exp(middle), 0.0, math.inf)
    half = t_value(len(logs) - 1, CONFIDENCE) * stdev(logs) / math.sqrt(len(logs))
    return Interval(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


def _bounded(value: float, drawn: Sequence[float], blocks: int) -> Interval:
    # Drawing with replacement understates the variance by the factor (blocks - 1) / blocks.
    half = t_value(blocks - 1) * stdev(drawn) * math.sqrt(blocks / (blocks - 1))
    return Interval(value, value - half, value + half)


def _dot(weights: Sequence[int], values: Sequence[int]) -> int:
    return sum(weight * value for weight, value in zip(weights, values, strict=True) if weight)
