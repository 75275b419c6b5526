"""From the slices of a run to what is judged: each route of the judged side, all together, and beside legacy."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gateway.core.objectives import Aim, Promised
from loadtests.compared import compare
from loadtests.judge import OVERALL, TIMINGS, RouteMeasured, judge, unmeasured
from loadtests.results import GATEWAY, LEGACY
from loadtests.shapes import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from loadtests.compared import Comparison
    from loadtests.judge import Judgement
    from loadtests.series import Series
    from loadtests.shapes import Course

_DRIFT = 1.25
"""By how much the median may rise from the first to the last quarter of a soak."""


def judged_side(series: Series) -> str:
    """The gateway where it had load; legacy is the baseline then."""
    return GATEWAY if GATEWAY in series.sides else series.sides[0]


def comparisons(series: Series, course: Course) -> dict[str, Comparison]:
    """The gateway beside legacy per route and `OVERALL`, of the calm slices; empty unless both had load."""
    if {GATEWAY, LEGACY} - set(series.sides):
        return {}
    routes = sorted({place.route for place in series.tally.counts})
    out = {route: compare(series.pairs([route], among=_calm(course))) for route in routes}
    return {**out, OVERALL: compare(series.pairs(among=_calm(course)))}


def judgements(
    series: Series, course: Course, promises: Mapping[str, Promised], compared: Mapping[str, Comparison]
) -> tuple[Judgement, ...]:
    """Every objective of each route that answered, of all together, and what is required of routes not called."""
    side = judged_side(series)
    called = {place.route for place in series.tally.counts if place.side == side}
    found = {route: _route(series, course, side, [route], compared.get(route)) for route in sorted(called)}
    bounds = _overall(series, side, promises)
    beside = {route for route in called & promises.keys() if promises[route].bounds.keys() & {Aim.RATIO, Aim.ADDED}}
    comparison = compared.get(OVERALL)
    if comparison is not None and beside != called:
        comparison = compare(series.pairs(beside, among=_calm(course)))
    whole = {OVERALL: _route(series, course, side, called, comparison)} if called else {}
    said = judge(found, promises)
    return (*said, *unmeasured(found, promises), *judge(whole, {OVERALL: Promised(bounds)}))


def drift(series: Series) -> str:
    """What a soak found to rise: the median of the last quarter beside that of the first; empty when it holds."""
    blocks = series.blocks(judged_side(series))
    quarter = len(blocks) // 4
    rise = compare(list(zip(blocks[:quarter], blocks[-quarter:], strict=True))).ratios.get("p50") if quarter else None
    if rise is None or rise.low <= _DRIFT:
        return ""
    return (
        f"soak: the median rose {rise.value:.2f}-fold ({rise.low:.2f} to {rise.high:.2f}) from the first quarter"
        f" to the last, above {_DRIFT}"
    )


def _route(
    series: Series, course: Course, side: str, routes: Collection[str], comparison: Comparison | None
) -> RouteMeasured:
    errors: Counter[str] = Counter()
    timings: set[str] = set()
    for place, count in series.tally.counts.items():
        if place.side == side and place.route in routes:
            errors.update(count.errors)
            timings.update(count.timings)
    return RouteMeasured(
        blocks=[*series.blocks(side, routes), *series.rest(side, routes)],
        calm=[*series.blocks(side, routes, among=_calm(course)), *series.rest(side, routes, among=_calm(course))],
        timings={
            name: series.blocks(side, routes, name, among=_calm(course)) for name in timings & set(TIMINGS.values())
        },
        comparison=comparison,
        reason=errors.most_common(1)[0][0] if errors else "",
    )


def _overall(series: Series, side: str, promises: Mapping[str, Promised]) -> dict[Aim, float]:
    """What all routes together owe: errors by each route's share of the answers; beside legacy the mildest bound."""
    answers: Counter[str] = Counter()
    for place, count in series.tally.counts.items():
        if place.side == side and Aim.ERRORS in promises.get(place.route, Promised({})).bounds:
            answers[place.route] += count.histogram.total
    out: dict[Aim, float] = {}
    if answers.total() and answers.keys() == {place.route for place in series.tally.counts if place.side == side}:
        owed = sum(promises[route].bounds[Aim.ERRORS] * number for route, number in answers.items())
        out[Aim.ERRORS] = owed / answers.total()
    for aim in (Aim.RATIO, Aim.ADDED):
        beside = [promise.bounds[aim] for promise in promises.values() if aim in promise.bounds]
        if beside:
            out[aim] = max(beside)
    return out


def _calm(course: Course) -> Callable[[float], bool]:
    return lambda begin: course.phase(begin) is Phase.JUDGED
