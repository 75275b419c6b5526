"""Whether each objective of each route was met: what was measured, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from gateway.core.objectives import Aim
from loadtests import cadence
from loadtests.blocks import quantile_spread
from loadtests.histogram import merged
from loadtests.intervals import Interval, quantile_interval, rate_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gateway.core.objectives import Promised
    from loadtests.blocks import Block
    from loadtests.compared import Comparison

OVERALL = "overall"
"""All routes together, in the place of a route."""
SHARES = {Aim.P50: 0.5, Aim.P95: 0.95, Aim.P99: 0.99, Aim.FIRST_TOKEN: 0.95, Aim.TOKEN_GAP: 0.95}
TIMINGS = {Aim.FIRST_TOKEN: cadence.FIRST_TOKEN, Aim.TOKEN_GAP: cadence.LONGEST_GAP}
"""The named timing of the tally that an aim is about."""


class Outcome(StrEnum):
    """What the measurement says of an objective.

    `missed`: even the kinder bound of the interval is beyond it. `undecided`: the value is, the interval is not.
    `few`: there are too few answers to say. `met`: none of these.
    """

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "undecided"
    FEW = "few"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One objective of one route. Latencies are milliseconds, errors shares of 0 to 1; None was not measured."""

    route: str
    aim: Aim
    bound: float
    measured: Interval | None
    answers: int
    outcome: Outcome
    required: bool = False
    detail: str = ""

    @property
    def fails(self) -> bool:
        """Whether the run fails for it: it was missed, or must be proven and was not."""
        return self.outcome is Outcome.MISSED or (self.required and self.outcome is not Outcome.MET)

    def to_json(self) -> dict[str, Any]:
        """All of it; `measured` is a list of value, lower and upper bound (null: none)."""
        found = self.measured
        bounds = [_finite(value) for value in (found.value, found.low, found.high)] if found else None
        return {
            "route": self.route,
            "aim": str(self.aim),
            "bound": self.bound,
            "measured": bounds,
            "answers": self.answers,
            "outcome": str(self.outcome),
            "required": self.required,
            "fails": self.fails,
            "detail": self.detail,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`, but for rounding."""
        bounds = value["measured"]
        return cls(
            value["route"],
            Aim(value["aim"]),
            value["bound"],
            Interval(*(math.inf if item is None else item for item in bounds)) if bounds else None,
            value["answers"],
            Outcome(value["outcome"]),
            value["required"],
            value["detail"],
        )


@dataclass(frozen=True, slots=True)
class RouteMeasured:
    """What is judged of one route on the judged side: its slices, and those of each named timing of a stream.

    `calm` are the slices that latency is judged by; failures count in all of them. `reason` is the commonest error.
    """

    blocks: Sequence[Block]
    calm: Sequence[Block]
    timings: Mapping[str, Sequence[Block]]
    comparison: Comparison | None = None
    reason: str = ""


def judge(measured: Mapping[str, RouteMeasured], promises: Mapping[str, Promised]) -> tuple[Judgement, ...]:
    """Every objective of every route that was measured, and of all routes together under `OVERALL`.

    Pure. A route without promises is not judged.
    """
    return tuple(
        _judged(name, aim, bound, measured[name], required=aim in promise.required)
        for name, promise in promises.items()
        if name in measured
        for aim, bound in promise.bounds.items()
        if measured[name].comparison is not None or aim not in {Aim.RATIO, Aim.ADDED}
    )


def unmeasured(measured: Mapping[str, RouteMeasured], promises: Mapping[str, Promised]) -> Iterator[Judgement]:
    """What had to be proven of routes that were not called at all, or not on both sides."""
    for name, promise in promises.items():
        found = measured.get(name)
        for aim in sorted(promise.required):
            if found is None or (found.comparison is None and aim in {Aim.RATIO, Aim.ADDED}):
                yield Judgement(name, aim, _unit(aim)(promise.bounds[aim]), None, 0, Outcome.FEW, required=True)


def _judged(route: str, aim: Aim, bound: float, found: RouteMeasured, *, required: bool) -> Judgement:
    limit = _unit(aim)(bound)
    match aim:
        case Aim.ERRORS:
            interval, answers = _errors(found)
            enough = rate_interval(0, answers).high <= limit if limit else answers > 0
        case Aim.RATIO | Aim.ADDED:
            answers = sum(block.histogram.total for block in found.blocks)
            compared = _compared(found.comparison, aim)
            if compared is None:
                return Judgement(route, aim, limit, None, answers, Outcome.FEW, required)
            interval, enough = compared, True
        case _:
            blocks = found.timings.get(TIMINGS[aim], ()) if aim in TIMINGS else found.calm
            interval, answers = _quantile(blocks, SHARES[aim])
            enough = interval.high < math.inf
    outcome = _outcome(interval, limit, enough=enough)
    detail = found.reason if aim is Aim.ERRORS else ""
    return Judgement(route, aim, limit, interval, answers, outcome, required, detail)


def _outcome(interval: Interval, limit: float, *, enough: bool) -> Outcome:
    if interval.low > limit:
        return Outcome.MISSED
    if not enough:
        return Outcome.FEW
    return Outcome.UNDECIDED if interval.value > limit else Outcome.MET


def _compared(comparison: Comparison | None, aim: Aim) -> Interval | None:
    if comparison is None:
        return None
    return (comparison.ratios if aim is Aim.RATIO else comparison.added).get("p50")


def _errors(found: RouteMeasured) -> tuple[Interval, int]:
    answers = sum(block.histogram.total for block in found.blocks)
    return rate_interval(sum(block.failures for block in found.blocks), answers), answers


def _quantile(blocks: Sequence[Block], share: float) -> tuple[Interval, int]:
    histogram = merged(block.histogram for block in blocks)
    interval = quantile_interval(histogram, share)
    spread = quantile_spread([block for block in blocks if block.histogram.total], share)
    return (interval.around(spread) if spread else interval), histogram.total


def _unit(aim: Aim) -> Callable[[float], float]:
    if aim in {Aim.ERRORS, Aim.RATIO}:
        return lambda bound: bound
    return lambda seconds: round(seconds * 1000, 6)


def _finite(value: float) -> float | None:
    return float(f"{value:.5g}") if math.isfinite(value) else None
