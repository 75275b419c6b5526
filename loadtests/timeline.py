"""How a load went second by second: what a person sees on a chart, and what recovery is told from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadtests.histogram import Histogram
from loadtests.results import Tick

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.tally import Tally


@dataclass(slots=True)
class _Sum:
    histogram: Histogram = field(default_factory=Histogram)
    failed: int = 0
    late: int = 0


def timeline(tally: Tally, late_ms: Mapping[str, float] | None = None) -> tuple[Tick, ...]:
    """Every second in which an answer came, all routes together, in order.

    `late_ms` are the milliseconds, by route, above which an answer is late; without one none is.
    """
    found: dict[tuple[int, str], _Sum] = {}
    for (second, side, route, _), count in tally.seconds.items():
        at = found.setdefault((second, side), _Sum())
        at.histogram.merge(count.histogram)
        at.failed += sum(count.errors.values())
        if late_ms and route in late_ms:
            at.late += count.histogram.above(late_ms[route])
    return tuple(
        Tick(
            second,
            side,
            at.histogram.total,
            at.failed,
            at.histogram.quantile(0.5),
            at.histogram.quantile(0.95),
            at.late,
        )
        for (second, side), at in sorted(found.items())
    )
