from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.objectives import Aim, Promised
from loadtests.climb import SLICES, Climb, Pace
from loadtests.knee import Search, capacity
from loadtests.series import Series
from loadtests.slices import number_at
from loadtests.tally import Place, Tally

if TYPE_CHECKING:
    from collections.abc import Callable

PROMISES = {"a": Promised({Aim.P95: 0.1, Aim.ERRORS: 0.01})}


def climbed(latency: Callable[[float], float], pace: Pace, search: Search, failing: float = 1e9) -> Climb:
    """A search that is asked once a second, on a target whose latency goes by the level; above `failing` it fails."""
    tally, elapsed = Tally(), 0.0
    answers = 20
    length = pace.step / SLICES

    def series() -> Series:
        return Series(tally, ("gateway",), length, elapsed)

    climb = Climb(search, pace, PROMISES, series)
    while (level := climb.at(elapsed)) is not None:
        assert elapsed < 2000
        for number in range(answers):
            at = elapsed + number / answers
            error = "HTTP 503" if level > failing else ""
            tally.count(Place(number_at(at, length), "gateway", "a"), latency(level), error)
        elapsed += 1.0
    return climb


def test_the_knee_of_a_simulated_target_is_found() -> None:
    """Latency breaks the objective above 24 users; steps last as long as they should, and know why they broke."""
    climb = climbed(lambda level: 20.0 if level <= 24 else 400.0, Pace(5.0), Search(1, 1, 64))
    found = capacity(climb.steps)
    assert found.level.low <= 24.5 <= found.level.high
    assert all(step.end - step.begin == 5.0 for step in climb.steps)
    assert {step.reason for step in climb.steps if not step.held} == {
        "latency: 100% of the answers are late, mostly a"
    }
    assert all(step.level == int(step.level) for step in climb.steps)
    assert climb.steps[0].rate == pytest.approx(20.0, rel=0.1)


def test_errors_break_it_too() -> None:
    """A target that is quick and fails has no more capacity than before it failed."""
    climb = climbed(lambda _: 5.0, Pace(5.0), Search(1, 1, 64), failing=10)
    assert capacity(climb.steps).level.high < 14
    assert any(step.reason.startswith("errors: ") for step in climb.steps)


def test_small_levels_still_move() -> None:
    """Between 3 and 4 users a step of 12 % is none; the search goes on by one user and ends."""
    climb = climbed(lambda level: 20.0 if level <= 3 else 400.0, Pace(2.0), Search(1, 1, 64))
    assert {step.level for step in climb.steps[-4:]} == {3.0, 4.0}


def test_levels_are_whole_quanta() -> None:
    """Streams of arrivals make up the level."""
    climb = climbed(lambda level: 20.0 if level <= 9 else 400.0, Pace(2.0, quantum=0.8), Search(0.8, 0.8, 40))
    assert all(step.level / 0.8 == pytest.approx(round(step.level / 0.8)) for step in climb.steps)


def test_workers_get_time_to_tell() -> None:
    """A step is judged that much later, by the slices of its own time."""
    climb = climbed(lambda level: 20.0 if level <= 8 else 400.0, Pace(4.0, lag=2.0), Search(1, 1, 64))
    assert {step.end - step.begin for step in climb.steps} == {4.0}
    assert climb.steps[1].begin - climb.steps[0].begin == 6.0


def test_after_a_step_that_broke_the_target_gets_a_rest() -> None:
    """The next step begins when a slice of the least load has held again."""
    climb = climbed(lambda level: 20.0 if level <= 8 else 400.0, Pace(5.0), Search(1, 1, 64))
    gaps = {one.held: later.begin - one.end for one, later in zip(climb.steps, climb.steps[1:], strict=False)}
    assert gaps[True] == 0.0
    assert gaps[False] >= 2.0


def test_arrivals_that_are_not_answered_in_time_break_a_step() -> None:
    """A target that answers 20 a second, all of them quickly, and the rest not at all."""
    climb = climbed(lambda _: 5.0, Pace(5.0, arrivals=True), Search(1, 1, 64))
    assert capacity(climb.steps).level.low < 21.5 < capacity(climb.steps).level.high * 1.1
    broken = next(step for step in climb.steps if not step.held)
    assert broken.reason.endswith("of what was due was not answered in time")
