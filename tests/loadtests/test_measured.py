from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.objectives import Aim, Promised
from loadtests.judge import OVERALL, Judgement, Outcome
from loadtests.measured import comparisons, drift, judged_side, judgements
from loadtests.shapes import Course, Shape
from tests.loadtests.tallies import around, later, run

if TYPE_CHECKING:
    from loadtests.series import Series

STEADY = Course(Shape.STEADY, 5, 24)
BOTH = ("legacy", "gateway")


def judged(series: Series, bounds: dict[Aim, float], course: Course = STEADY, **routes: Promised) -> list[Judgement]:
    """Every judgement with these bounds for all routes that were called."""
    called = {place.route for place in series.tally.counts}
    promises = {route: Promised(bounds) for route in called} | routes
    return list(judgements(series, course, promises, comparisons(series, course)))


def failing(items: list[Judgement]) -> set[tuple[str, Aim]]:
    """Route and aim of what fails."""
    return {(item.route, item.aim) for item in items if item.fails}


def test_a_healthy_run_meets_every_objective() -> None:
    """Two routes of 720 answers each."""
    items = judged(run(around(10), routes=("a", "b")), {Aim.P95: 0.5, Aim.P99: 0.5, Aim.ERRORS: 0.01})
    assert {item.outcome for item in items} == {Outcome.MET}
    assert {item.route for item in items} == {"a", "b", OVERALL}


def test_one_slow_route_is_told_apart() -> None:
    """Only it misses its objective."""
    series = run(
        lambda dice, _n, _s, route: 900.0 if route == "slow" else dice.uniform(5, 9), routes=("quick", "slow")
    )
    assert failing(judged(series, {Aim.P95: 0.5})) == {("slow", Aim.P95)}


def test_twenty_milliseconds_more_are_found_beside_legacy() -> None:
    """On each route and on all together, while the percentiles are fine."""
    items = judged(run(later(5, 20), sides=BOTH, routes=("a", "b")), {Aim.ADDED: 0.015, Aim.P95: 0.5})
    assert failing(items) == {("a", Aim.ADDED), ("b", Aim.ADDED), (OVERALL, Aim.ADDED)}


def test_one_percent_of_failures_is_found_over_all_routes() -> None:
    """No route alone has answers enough to tell 1 % from 0.1 %; together they have."""
    series = run(around(5), sides=BOTH, routes=tuple("abcdefgh"), answers=8, failing={"gateway": 0.01}, seed=3)
    items = judged(series, {Aim.ERRORS: 0.001})
    assert (OVERALL, Aim.ERRORS) in failing(items)
    (overall,) = [item for item in items if item.route == OVERALL]
    assert overall.detail == "HTTP 503"


def test_failures_of_legacy_do_not_fail_the_gateway() -> None:
    """Legacy is the baseline where both have load, and judged itself where it alone has."""
    broken = run(around(5), sides=BOTH, failing={"legacy": 0.5})
    assert judged_side(broken) == "gateway"
    assert not failing(judged(broken, {Aim.ERRORS: 0.01}))
    alone = run(around(5), sides=("legacy",), failing={"legacy": 0.5})
    assert failing(judged(alone, {Aim.ERRORS: 0.01})) == {("a.list", Aim.ERRORS), (OVERALL, Aim.ERRORS)}


def test_routes_that_promise_nothing_beside_legacy_are_left_out_of_all_together() -> None:
    """An upload that may be slower does not hide, and is not blamed for, what the others add."""
    series = run(later(5, 20), sides=BOTH, routes=("a", "upload"))
    items = judged(series, {Aim.ADDED: 0.015}, upload=Promised({}))
    assert failing(items) == {("a", Aim.ADDED), (OVERALL, Aim.ADDED)}


def test_a_spike_is_judged_by_what_surrounds_it() -> None:
    """Latency in the spike does not count, failures do."""
    course = Course(Shape.SPIKE, 5, 24)
    slow = run(lambda dice, number, *_: 900.0 if 8 <= number < 18 else dice.uniform(4, 6))
    assert not failing(judged(slow, {Aim.P95: 0.5}, course))
    assert failing(judged(slow, {Aim.P95: 0.5}))
    assert failing(judged(run(around(5), failing={"gateway": 0.1}), {Aim.ERRORS: 0.01}, course))


def test_a_soak_that_grows_slower_is_told() -> None:
    """The last quarter is half as slow again as the first; a steady one says nothing."""
    rising = drift(run(lambda dice, number, *_: (1 + number / 24) * dice.lognormvariate(2, 0.2)))
    assert rising.startswith("soak: the median rose 1.")
    assert drift(run(around(5))) == ""
    assert drift(run(around(5), slices=2)) == ""


def test_what_is_required_of_a_route_that_was_not_called_is_told() -> None:
    """Though everything that was measured is fine."""
    items = judged(run(around(5)), {}, other=Promised({Aim.P95: 0.5}, frozenset({Aim.P95})))
    assert failing(items) == {("other", Aim.P95)}


def test_nothing_answered_is_nothing_judged() -> None:
    """No route, no comparison, no objective."""
    assert judged(run(around(5), answers=0), {Aim.P95: 0.5}) == []
