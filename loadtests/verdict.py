"""Judgements in words: why a run failed, and what it could not tell."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.core.objectives import Aim
from loadtests.intervals import answers_needed, rate_interval
from loadtests.judge import SHARES, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loadtests.intervals import Interval
    from loadtests.judge import Judgement
    from loadtests.knee import Capacity
    from loadtests.plan import LoadPlan

_NAMES = {
    Aim.P50: "median",
    Aim.P95: "p95",
    Aim.P99: "p99",
    Aim.FIRST_TOKEN: "first token, p95,",
    Aim.TOKEN_GAP: "longest pause in a stream, p95,",
}
_NAMED = 4
_WHOLE = 10.0
"""Percent from which no decimals are told."""


def reasons(judgements: Iterable[Judgement]) -> tuple[str, ...]:
    """Why the run fails, one sentence for each objective that it fails for; all routes together come last."""
    return tuple(sentence(item) for item in judgements if item.fails)


def notes(judgements: Iterable[Judgement]) -> tuple[str, ...]:
    """What the run does not fail for, and does not prove either: one sentence for each aim."""
    open_ones: dict[tuple[Outcome, Aim], list[Judgement]] = defaultdict(list)
    for item in judgements:
        if not item.fails and item.outcome in {Outcome.FEW, Outcome.UNDECIDED}:
            open_ones[item.outcome, item.aim].append(item)
    return tuple(_note(outcome, items) for (outcome, _), items in open_ones.items())


def sentence(item: Judgement) -> str:
    """One judgement in words: what was measured, between which bounds, beside what was promised."""
    if item.outcome is Outcome.FEW or item.measured is None:
        return f"{item.route}: {_aim(item)} is required and not proven: {_few(item)}"
    detail = f", mostly {item.detail}" if item.detail else ""
    if item.outcome is Outcome.UNDECIDED:
        how = "is not surely within"
    else:
        how = "exceeds" if item.outcome is Outcome.MISSED else "is within"
    return f"{item.route}: {_measured(item, item.measured)} {how} {bound(item)}{detail}"


def open_line(item: Judgement) -> str:
    """A judgement that too few answers leave open, in words."""
    return f"{item.route}: {_aim(item)} is not proven to be within {bound(item)}: {_few(item)}"


def bound(item: Judgement) -> str:
    """What was promised, with its unit."""
    return value(item.aim, item.bound)


def value(aim: Aim, number: float) -> str:
    """A number of this aim with its unit."""
    if aim is Aim.ERRORS:
        percent = number * 100
        return f"{percent:.2g}%" if percent < _WHOLE else f"{percent:.0f}%"
    if aim is Aim.RATIO:
        return f"{number:.2f}"
    return f"{number:.0f} ms" if number >= 100 or number == int(number) else f"{number:.1f} ms"  # noqa: PLR2004


def capacity_line(found: Capacity, plan: LoadPlan) -> str:
    """A capacity in words: requests a second, and the load that made them."""
    unit = "arrivals a second" if plan.rate else "users"
    if not math.isfinite(found.level.high):
        level = f"at {found.level.value:.4g} {unit}"
        return f"capacity is at least {found.rate.value:.1f} requests/s, {level}: nothing broke"
    return (
        f"capacity is {found.rate.value:.1f} requests/s ({found.rate.low:.1f} to {found.rate.high:.1f}),"
        f" at {found.level.value:.3g} {unit} ({found.level.low:.3g} to {found.level.high:.3g})"
    )


def _measured(item: Judgement, found: Interval) -> str:
    shown = value(item.aim, found.value)
    bounds = " to ".join(_bound(item.aim, each) for each in (found.low, found.high))
    match item.aim:
        case Aim.ERRORS:
            failures = round(found.value * item.answers)
            return f"error rate {shown} ({bounds}; {failures} of {item.answers})"
        case Aim.RATIO:
            return f"median is {shown} times legacy's ({bounds}), which"
        case Aim.ADDED:
            return f"median is {shown} later than legacy's ({bounds}), which"
        case _:
            return f"{_NAMES[item.aim]} {shown} ({bounds}; {item.answers} answers)"


def _note(outcome: Outcome, items: list[Judgement]) -> str:
    names = [item.route for item in items]
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    if outcome is Outcome.UNDECIDED:
        return f"{_aim(items[0])} is near its bound, and the interval does not say on which side: {shown}"
    fewest = min(items, key=lambda item: item.answers)
    return f"{_aim(items[0])}: {_few(fewest)}, so it is not proven of {shown}"


def _few(item: Judgement) -> str:
    if item.aim is Aim.ERRORS:
        needed = _needed_for(item.bound)
    elif item.aim in SHARES:
        needed = answers_needed(SHARES[item.aim])
    else:
        return f"{item.answers} answers on both sides in too few slices"
    return f"{item.answers} answers, where it takes {needed}"


def _needed_for(rate: float) -> int:
    if rate <= 0:
        return 0
    guess = math.ceil(math.log(0.025) / math.log1p(-rate)) if rate < 1 else 1
    return guess if rate_interval(0, guess).high <= rate else guess + 1


def _aim(item: Judgement) -> str:
    named = {Aim.ERRORS: "error rate", Aim.RATIO: "ratio to legacy", Aim.ADDED: "time added to legacy's"}
    return (named | _NAMES)[item.aim].removesuffix(",").replace(", p95", "")


def _bound(aim: Aim, number: float) -> str:
    return value(aim, number) if math.isfinite(number) else "unknown"


def lines(judgements: Iterable[Judgement]) -> Iterator[str]:
    """Every judgement as a sentence; what failed comes first."""
    yield from (sentence(item) for item in sorted(judgements, key=lambda item: not item.fails))
