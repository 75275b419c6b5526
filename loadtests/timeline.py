"""How a load went second by second: what a person sees on a chart, and what recovery is told from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.histogram import Histogram
from loadtests.results import Tick

if TYPE_CHECKING:
    from loadtests.tally import Tally


def timeline(tally: Tally) -> tuple[Tick, ...]:
    """Every second in which an answer came, all routes together, in order."""
    found: dict[tuple[int, str], tuple[Histogram, int]] = {}
    for (second, side, _), count in tally.seconds.items():
        histogram, failed = found.get((second, side), (Histogram(), 0))
        histogram.merge(count.histogram)
        found[second, side] = histogram, failed + sum(count.errors.values())
    return tuple(
        Tick(second, side, histogram.total, failed, histogram.quantile(0.5), histogram.quantile(0.95))
        for (second, side), (histogram, failed) in sorted(found.items())
    )
