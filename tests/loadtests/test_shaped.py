from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from loadtests.plan import LoadPlan
from loadtests.process import run
from loadtests.shapes import Shape
from tests.apps.load_target import CREDENTIALS, Behaviour, Target, running

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.process import Progress
    from loadtests.results import LoadResult

ENVIRONMENT = {**os.environ, **CREDENTIALS}


def shaped(target: Target, shape: Shape, seconds: float, users: int = 4, **more: object) -> LoadResult:
    """A run of this shape."""
    plan = LoadPlan(target.config, shape=shape, users=users, run_time=seconds, spawn_rate=50.0, think=0.02, **more)  # type: ignore[arg-type]
    return run(plan, environment=ENVIRONMENT)


def test_a_ramp_ends_on_time_with_all_its_users(tmp_path: Path) -> None:
    """A whole run of 4 s, not of the next full second; the load rises."""
    told: list[Progress] = []
    with running(tmp_path) as target:
        plan = LoadPlan(target.config, shape=Shape.RAMP, users=6, run_time=4.0, spawn_rate=50.0, think=0.02)
        result = run(plan, environment=ENVIRONMENT, on_progress=told.append)
    assert result.passed, result.reasons
    assert not result.partial
    assert max(point.begin for point in result.series) < 4.3
    users = [now.users for now in told if now.elapsed < 3.9]
    assert users == sorted(users)
    assert users[0] < 3
    assert users[-1] >= 4


@pytest.mark.proof
def test_a_spike_is_survived_and_recovered_from(tmp_path: Path) -> None:
    """Five times the users in the middle third; nothing fails, and it is said how soon it was over."""
    with running(tmp_path) as target:
        result = shaped(target, Shape.SPIKE, 9.0, users=2)
    assert result.passed, result.reasons
    assert any(note.startswith("recovered 0.0 s") for note in result.notes)
    rates = [point.rps for point in result.series]
    third = len(rates) // 3
    assert sum(rates[third : 2 * third]) > 2 * sum(rates[:third])


@pytest.mark.proof
def test_a_target_that_does_not_recover_is_failed_for_it(tmp_path: Path) -> None:
    """It hangs from the spike on; the spike itself is not blamed for latency."""
    behaviour = Behaviour()
    with running(tmp_path, behaviour) as target:
        timer = threading.Timer(6.0, lambda: behaviour.delay.update({"/": 0.7}))
        timer.start()
        result = shaped(target, Shape.SPIKE, 9.0, users=3)
        timer.cancel()
    assert not result.passed
    assert any("had not recovered" in reason for reason in result.reasons)


@pytest.mark.proof
def test_a_soak_passes_while_nothing_grows(tmp_path: Path) -> None:
    """A short one; it is judged like a steady run, and for drift."""
    with running(tmp_path) as target:
        result = shaped(target, Shape.SOAK, 5.0)
    assert result.passed, result.reasons
    assert result.shape == "soak"


@pytest.mark.proof
@pytest.mark.timeout(180)
def test_the_knee_of_a_target_with_one_place_is_found(tmp_path: Path) -> None:
    """It answers one request at a time, each in 20 ms: 50 a second. Arrivals above that queue up."""
    behaviour = Behaviour(one_at_a_time=0.02)
    with running(tmp_path, behaviour) as target:
        result = shaped(target, Shape.KNEE, 120.0, rate=200.0, step=2.5)
    assert result.passed, result.reasons
    assert result.capacity is not None
    assert 30 < result.capacity.rate.value < 55, [step.to_json() for step in result.steps]
    assert result.capacity.rate.high < 75
    assert any(note.startswith("capacity is ") for note in result.notes)


@pytest.mark.proof
@pytest.mark.timeout(180)
def test_less_capacity_than_declared_fails(tmp_path: Path) -> None:
    """`loadtest: capacity: 500/s` on the same target; both numbers are in the reason."""
    behaviour = Behaviour(one_at_a_time=0.02)
    with running(tmp_path, behaviour) as target:
        with target.config.open("a") as table:
            table.write("loadtest: {capacity: 500/s}\n")
        result = shaped(target, Shape.KNEE, 60.0, rate=200.0, step=2.0)
    assert [reason for reason in result.reasons if "below the 500/s that must be sustained" in reason]


@pytest.mark.proof
def test_a_target_that_is_always_too_slow_has_no_capacity(tmp_path: Path) -> None:
    """Already one user breaks the objective; it is said, and the run fails."""
    with running(tmp_path, Behaviour(delay={"/api/v1/": 0.7})) as target:
        result = shaped(target, Shape.KNEE, 60.0, users=16, step=3.0)
    assert not result.passed
    assert result.reasons[0].startswith("no capacity was found: latency")


@pytest.mark.proof
@pytest.mark.parametrize("shape", [Shape.RAMP, Shape.SPIKE, Shape.SOAK, Shape.KNEE])
def test_every_shape_can_be_stopped(tmp_path: Path, shape: Shape) -> None:
    """A stop in the middle gives a partial result with what was counted, soon."""
    stop, told = threading.Event(), []

    def watch(now: Progress) -> None:
        told.append(now)
        if now.requests > 20 and not stop.is_set():
            told.append(time.monotonic())  # type: ignore[arg-type]
            stop.set()

    with running(tmp_path) as target:
        plan = LoadPlan(target.config, shape=shape, users=8, run_time=90.0, spawn_rate=20.0, think=0.02)
        result = run(plan, environment=ENVIRONMENT, on_progress=watch, stop=stop)
    assert (result.partial, result.passed) == (True, False)
    assert "of 90 s" in result.reasons[0]
    assert result.sides["gateway"].overall.requests > 20
