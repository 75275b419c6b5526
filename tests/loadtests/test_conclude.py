from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.conclude import conclude
from loadtests.plan import LoadPlan
from loadtests.prepare import Prepared, prepare
from loadtests.record import nothing
from loadtests.shapes import Shape
from tests.apps.load_target import table
from tests.loadtests.tallies import around, run
from tests.loadtests.test_results import STEPS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.loadtests.tallies import Latency


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """A steady run of 24 s on the small target."""
    file = tmp_path / "cutover.yaml"
    file.write_text(table(1) + "loadtest: {capacity: 15/s, objectives: {default: {errors: 1%}}}\n")
    return prepare(LoadPlan(file, run_time=24.0), {})


def document(latency: Latency, elapsed: float = 24.0, **more: Any) -> dict[str, Any]:
    """What the locust process wrote at the end of such a run."""
    series = run(latency, routes=("pools.list", "deployments.list"), slices=int(elapsed))
    found = {"elapsed": elapsed, "slice": 1.0, "tally": series.tally.to_json(), "faults": [], "lost": [], "steps": []}
    found |= {"notes": [], "left": [], "stopped": False}
    return {**found, "ended_itself": True, **more}


def test_a_healthy_run_passes_with_everything_it_knows(prepared: Prepared) -> None:
    """Digests, objectives and figures of the routes that were called, a point for each slice, judgements."""
    result = conclude(prepared, 1_800_000_000.0, document(around(5)))
    assert result.passed, result.reasons
    assert set(result.digests) == set(result.objectives) == {"pools.list", "deployments.list"}
    assert result.objectives["pools.list"]["errors"] == 0.01
    assert len(result.series) == 24
    assert result.sides["gateway"].seconds == 24.0
    assert {item.route for item in result.judgements} == {"pools.list", "deployments.list", "overall"}
    assert result.platform == "small"
    assert any(note.startswith("not called in this run: ") for note in result.notes)


def test_a_run_that_ended_early_is_partial(prepared: Prepared) -> None:
    """How far it came is the first reason."""
    result = conclude(prepared, 1.0, document(around(5), 10.0))
    assert (result.partial, result.passed) == (True, False)
    assert result.reasons[0] == "ended after 10 of 24 s"


def test_a_run_that_was_stopped_is_partial_however_late(prepared: Prepared) -> None:
    """One that ended by itself may be a little short: its users start after its clock."""
    assert conclude(prepared, 1.0, document(around(5), 23.9, stopped=True)).partial
    assert not conclude(prepared, 1.0, document(around(5), 22.0)).partial


def test_what_went_wrong_around_the_requests_fails_the_run(prepared: Prepared) -> None:
    """A fault of the persona, a lost worker; the figures may be fine."""
    result = conclude(prepared, 1.0, document(around(5), faults=["KeyError: x"], lost=["worker 2 was lost"]))
    assert result.reasons == ("the persona failed: KeyError: x", "worker 2 was lost")


@pytest.mark.parametrize("shape", list(Shape))
def test_a_load_that_never_began_is_partial(prepared: Prepared, shape: Shape) -> None:
    """Whatever its shape, it has a result."""
    stopped = {**nothing(1.0), "left": [], "stopped": True}
    result = conclude(replace(prepared, plan=replace(prepared.plan, shape=shape)), 1_800_000_000.0, stopped)
    assert (result.partial, result.passed, result.digests) == (True, False, {})
    assert result.reasons[0] == "ended after 0 of 24 s"
    assert result.to_json()["capacity"] is None or shape is Shape.KNEE


def test_nothing_answered_proves_nothing(prepared: Prepared) -> None:
    """Without one answer nothing passes."""
    result = conclude(prepared, 1.0, document(around(5), tally=[]))
    assert result.reasons == ("not one request was answered, so nothing is proven",)


def test_a_soak_is_judged_for_drift(prepared: Prepared) -> None:
    """The same figures pass as a steady run."""
    rising = document(lambda dice, number, *_: (1 + number / 12) * dice.uniform(5, 6))
    assert conclude(prepared, 1.0, rising).passed
    soak = replace(prepared, plan=replace(prepared.plan, shape=Shape.SOAK))
    (reason,) = conclude(soak, 1.0, rising).reasons
    assert reason.startswith("soak: the median rose")


def test_a_spike_is_judged_for_recovery(prepared: Prepared) -> None:
    """Said when it recovered, a reason when it did not."""
    spike = replace(prepared, plan=replace(prepared.plan, shape=Shape.SPIKE))
    slow = document(lambda dice, number, *_: 900.0 if 8 <= number < 18 else dice.uniform(4, 6))
    found = conclude(spike, 1.0, slow)
    assert found.passed, found.reasons
    assert found.notes[0] == "recovered 2.0 s after the spike"
    never = document(lambda dice, number, *_: 900.0 if number >= 8 else dice.uniform(4, 6))
    assert any("had not recovered" in reason for reason in conclude(spike, 1.0, never).reasons)


def test_a_search_is_judged_by_its_capacity(prepared: Prepared) -> None:
    """Objectives broken on the way do not matter; too little capacity does, and so does none."""
    knee = replace(prepared, plan=replace(prepared.plan, shape=Shape.KNEE))
    steps = [step.to_json() for step in STEPS]
    found = conclude(knee, 1.0, document(around(900), 10.0, steps=steps))
    assert found.passed, found.reasons
    assert not found.partial
    assert found.notes[0].startswith("capacity is 20.0 requests/s")
    less = [{**step, "rate": 9.0} for step in steps]
    assert "below the 15/s" in conclude(knee, 1.0, document(around(5), steps=less)).reasons[0]
    broken = [{**steps[2], "level": 1.0}]
    assert conclude(knee, 1.0, document(around(5), steps=broken)).reasons[0].startswith("no capacity was found")


def test_a_search_that_was_stopped_is_partial(prepared: Prepared) -> None:
    """It did not come to its end by itself, nor did its time run out."""
    knee = replace(prepared, plan=replace(prepared.plan, shape=Shape.KNEE))
    stopped = document(around(5), 10.0, ended_itself=False, steps=[step.to_json() for step in STEPS])
    result = conclude(knee, 1.0, stopped)
    assert result.partial
    assert any("cut short" in note for note in result.notes)
