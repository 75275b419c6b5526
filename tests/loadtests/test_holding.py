from __future__ import annotations

import pytest

from gateway.core.objectives import Aim, Promised
from loadtests.histogram import Histogram
from loadtests.holding import above, held, recovery
from tests.loadtests.tallies import around, run

PROMISES = {"a.list": Promised({Aim.P95: 0.1, Aim.ERRORS: 0.01})}


def test_a_healthy_stretch_holds() -> None:
    """With its answers, p95 and seconds."""
    found = held(run(around(10)), range(2, 6), PROMISES)
    assert (found.reason, found.answers, found.seconds) == ("", 120, 4.0)
    assert 10 < found.p95_ms < 25


def test_lateness_in_most_slices_breaks_it() -> None:
    """In a few it is an accident."""
    series = run(lambda dice, number, *_: 300.0 if number in {2, 3, 4} else dice.uniform(5, 9))
    assert held(series, range(1, 6), PROMISES).reason == "latency: 60% of the answers are late, mostly a.list"
    assert held(series, range(4, 9), PROMISES).reason == ""


def test_a_tail_within_five_percent_is_no_lateness() -> None:
    """That is what a 95th percentile promises."""
    series = run(lambda dice, *_: 300.0 if dice.random() < 0.02 else 5.0, answers=100)
    assert held(series, range(24), PROMISES).reason == ""


def test_failures_break_it_when_they_are_surely_too_many() -> None:
    """10 % of 150 are; a single one is not."""
    broken = held(run(around(5), failing={"gateway": 0.1}), range(5), PROMISES)
    assert broken.reason.startswith("errors: ")
    assert held(run(around(5), failing={"gateway": 0.007}, seed=2), range(5), PROMISES).reason == ""


def test_silence_does_not_hold() -> None:
    """A target that answers nothing at all has no capacity."""
    assert held(run(around(5), answers=0), range(5), PROMISES).reason == "nothing was answered"


def test_routes_without_objectives_break_nothing() -> None:
    """Whatever they do."""
    assert held(run(around(900), failing={"gateway": 1.0}), range(5), {"other": PROMISES["a.list"]}).reason == ""


@pytest.mark.parametrize(("until", "seconds"), [(10, 0.0), (13, 3.0), (24, None)])
def test_recovery_is_counted_from_the_end_of_the_spike(until: int, seconds: float | None) -> None:
    """To the first slice after which all hold; never, when the last one still breaks."""
    series = run(lambda dice, number, *_: 300.0 if number < until else dice.uniform(5, 9))
    assert recovery(series, 10.0, PROMISES) == seconds


def test_later_than_the_bound_counts_from_the_next_bucket() -> None:
    """What lies within 1 % of the bound is not counted."""
    histogram = Histogram()
    for value in (50.0, 99.0, 100.0, 102.5, 500.0):
        histogram.add(value)
    assert above(histogram, 100.0) == 2
