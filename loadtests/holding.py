"""Whether the objectives held for a while: slice by slice against latency, together against errors."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.objectives import Aim, Promised
from loadtests.histogram import Histogram
from loadtests.intervals import rate_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.series import Series

_LATE = 0.05
"""Of the answers may be later than their route's p95 objective: that is what it says."""
_WIDTH, _SMALLEST = math.log(1.01), 0.01


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of slices: answers, failures, p95 in milliseconds, and why it did not hold (empty: it did)."""

    answers: int
    failures: int
    p95_ms: float
    seconds: float
    reason: str


def held(series: Series, numbers: Sequence[int], promises: Mapping[str, Promised]) -> Held:
    """Whether a stretch held: latency in half of its slices at least, errors unless surely more than promised."""
    histogram, failures, seconds = Histogram(), 0, 0.0
    late: Counter[bool] = Counter()
    worst: Counter[str] = Counter()
    allowed = 0.0
    for number in numbers:
        block = series.block(number)
        histogram.merge(block.histogram)
        failures += block.failures
        seconds += block.seconds
        found = _late(series, number, promises)
        worst.update(found)
        late[sum(found.values()) > _LATE * block.histogram.total] += 1
        allowed += _allowed(series, number, promises)
    reason = "" if histogram.total else "nothing was answered"
    if late[True] > late[False]:
        route, _ = worst.most_common(1)[0]
        reason = f"latency: {sum(worst.values()) / histogram.total:.0%} of the answers are late, mostly {route}"
    elif histogram.total and rate_interval(failures, histogram.total).low > allowed / histogram.total:
        reason = f"errors: {failures} of {histogram.total}"
    return Held(histogram.total, failures, histogram.quantile(0.95), seconds, reason)


def recovery(series: Series, end: float, promises: Mapping[str, Promised]) -> float | None:
    """Seconds from the end of a spike until slices hold and go on holding; None when they never do."""
    after = [number for number in range(series.whole) if number * series.length >= end]
    broken = [number for number in after if held(series, [number], promises).reason]
    if not broken:
        return 0.0
    return None if broken[-1] == after[-1] else (broken[-1] + 1) * series.length - end


def _late(series: Series, number: int, promises: Mapping[str, Promised]) -> Counter[str]:
    late: Counter[str] = Counter()
    for place, count in series.of(number):
        bound = promises[place.route].bounds.get(Aim.P95) if place.route in promises else None
        if bound is not None:
            late[place.route] += above(count.histogram, bound * 1000)
    return late


def _allowed(series: Series, number: int, promises: Mapping[str, Promised]) -> float:
    nothing = Promised({})
    return sum(
        promises.get(place.route, nothing).bounds.get(Aim.ERRORS, 1.0) * count.histogram.total
        for place, count in series.of(number)
    )


def above(histogram: Histogram, milliseconds: float) -> int:
    """How many answers were later; those in the bucket that holds the bound are not."""
    bucket = math.floor(math.log(max(milliseconds, _SMALLEST) / _SMALLEST) / _WIDTH)
    return sum(count for number, count in histogram.counts.items() if number > bucket)
