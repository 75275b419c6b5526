"""From what the locust process counted to the judged result."""

from __future__ import annotations

import os
import platform
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.core.digest import route_digest
from loadtests import verdict
from loadtests.holding import recovery
from loadtests.knee import Step, capacity
from loadtests.measured import comparisons, drift, judgements
from loadtests.promises import promises
from loadtests.results import LoadResult
from loadtests.series import Series
from loadtests.shapes import Shape
from loadtests.slices import seconds_each
from loadtests.tally import Tally
from loadtests.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.core.objectives import Promised
    from loadtests.compared import Comparison
    from loadtests.during.disturb import Disturber
    from loadtests.judge import Judgement
    from loadtests.knee import Capacity
    from loadtests.prepare import Prepared

_SHORT = 0.5
"""Seconds before its end from which a run counts as whole."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the run comes to: judgements, reasons why it failed, notes, and for a knee its steps and capacity."""

    judgements: tuple[Judgement, ...] = ()
    compared: Mapping[str, Comparison] | None = None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    capacity: Capacity | None = None


def conclude(
    prepared: Prepared, started: float, document: Mapping[str, Any], disturber: Disturber | None = None
) -> LoadResult:
    """The judged result of the document that `Run.write_tally` wrote; `started` is epoch seconds.

    Seconds in which a disturbance was felt are judged by what that may cost, the others by the objectives.
    """
    plan, elapsed = prepared.plan, document["elapsed"]
    tally = Tally.from_json(document["tally"])
    series = Series(tally, plan.sides, document["slice"], elapsed)
    sides = tally.sides(seconds_each(elapsed, plan.sides, document["slice"]))
    called = {route for side in sides.values() for route in side.routes}
    silent = [route.id for route in prepared.routes if route.id not in called]
    partial = elapsed < plan.run_time - _SHORT and not (plan.shape is Shape.KNEE and document["ended_itself"])
    promised = promises(prepared.table, prepared.routes, plan.objectives)
    disturbed = disturber.aftermaths(tally, plan.sides[-1], promised, elapsed) if disturber else ()
    felt = {second for one in disturbed for second in one.felt}
    calm = Series(tally.without(felt), plan.sides, document["slice"], elapsed) if felt else series
    found = _knee(prepared, document) if plan.shape is Shape.KNEE else _judged(prepared, calm, promised)
    left = (f"left behind: {text}; `cutover loadtest clean` tries again" for text in document["left"])
    faults = (f"the persona failed: {text}" for text in document["faults"])
    reasons = (*faults, *document["lost"], *left, *found.reasons)
    if disturber:
        reasons = (*reasons, *disturber.reasons(disturbed))
    if not tally.counts:
        reasons = ("not one request was answered, so nothing is proven", *reasons)
    return LoadResult(
        id=f"load-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(started))}-{secrets.token_hex(2)}",
        started=started,
        target=plan.target,
        users=plan.users,
        run_time=plan.run_time,
        spawn_rate=plan.spawn_rate,
        version=__version__,
        hosts=dict(prepared.bases),
        environment=_conditions(prepared),
        digests={
            route.id: route_digest(prepared.table, route, __version__)
            for route in prepared.routes
            if route.id in called
        },
        sides=sides,
        objectives={route: _bounds(promise) for route, promise in promised.items() if route in called},
        reasons=(f"ended after {elapsed:.0f} of {plan.run_time:.0f} s", *reasons) if partial else reasons,
        notes=(*found.notes, *_notes(prepared, silent), *document["notes"]),
        left_out=plan.left_out,
        partial=partial,
        platform=prepared.table.platform,
        shape=str(plan.shape),
        rate=plan.rate,
        slice=document["slice"],
        judgements=found.judgements,
        ratios=found.compared or {},
        series=tuple(series.points()),
        steps=found.steps,
        capacity=found.capacity,
        disturbances=tuple(one.to_json() for one in disturbed),
        timeline=timeline(tally),
    )


def _judged(prepared: Prepared, series: Series, promised: Mapping[str, Promised]) -> _Verdict:
    course = prepared.plan.course
    compared = comparisons(series, course)
    items = judgements(series, course, promised, compared)
    reasons, notes = verdict.reasons(items), verdict.notes(items)
    if course.shape is Shape.SOAK:
        rise = drift(series)
        reasons = (*reasons, rise) if rise else reasons
    if course.shape is Shape.SPIKE:
        after = recovery(series, course.spiked[1], promised)
        if after is None:
            reasons = (*reasons, "spike: latency or errors had not recovered when the run ended")
        else:
            notes = (f"recovered {after:.1f} s after the spike", *notes)
    return _Verdict(items, compared, reasons, notes)


def _knee(prepared: Prepared, document: Mapping[str, Any]) -> _Verdict:
    """A search breaks objectives on purpose; it fails when nothing held, or less than what was asked."""
    steps = tuple(Step.from_json(item) for item in document["steps"])
    found, wanted = capacity(steps), prepared.table.load.capacity
    reasons: tuple[str, ...] = ()
    if not any(step.held for step in steps):
        why = steps[-1].reason if steps else "no step was finished"
        reasons = (f"no capacity was found: {why} at the lowest load",)
    elif wanted and found.rate.low < wanted:
        reasons = (f"{verdict.capacity_line(found, prepared.plan)}, below the {wanted:g}/s that must be sustained",)
    notes = (verdict.capacity_line(found, prepared.plan),) if not reasons else ()
    if not document["ended_itself"]:
        notes = (*notes, "the search was cut short; a longer --run-time makes the interval narrower")
    return _Verdict(reasons=reasons, notes=notes, steps=steps, capacity=found)


def _conditions(prepared: Prepared) -> dict[str, Any]:
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    mix = prepared.mix
    shares = {route: round(share, 5) for route, share in mix.shares.items()} if mix else {}
    return {**machine, "personas": dict(prepared.personas), **({"mix": shares} if mix else {})}


def _notes(prepared: Prepared, silent: list[str]) -> Iterator[str]:
    if silent:
        yield f"not called in this run: {', '.join(silent)}"
    if prepared.mix and prepared.mix.left_out:
        yield f"{prepared.mix.whole:.0%} of what was observed is called; the rest is left out:"
    yield from prepared.omitted


def _bounds(promise: Promised) -> dict[str, Any]:
    bounds: dict[str, Any] = {str(aim): bound for aim, bound in promise.bounds.items()}
    return bounds | ({"required": sorted(promise.required)} if promise.required else {})
