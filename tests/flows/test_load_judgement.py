"""Load tests of the stand-in platform through real gateways, healthy and not: each is judged for the right reason."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.objectives import Aim, ClassObjectives
from gateway.handle import Parts
from gateway.problem import Unavailable
from gateway.transform import transform
from loadtests.shapes import Shape
from loadtests.workload import Workload
from tests.apps.faulty_gateway import FAULTS
from tests.apps.platform_load import loaded

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.answer import Answer
    from loadtests.results import LoadResult

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]

BESIDE: dict[str, Any] = {"target": "both", "rate": 10.0, "run_time": 16.0}
"""Little load: platform and gateway share one interpreter with this test, and not their capacity is asked."""
OBJECTIVES = {
    # The machine is shared; what a run of itself may take is not what these tests are about.
    "default": ClassObjectives({Aim.P95: 1.0, Aim.P99: 3.0, Aim.ERRORS: 0.001, Aim.ADDED: 0.015}),
}


async def _late(*arguments: Any) -> Answer:
    await asyncio.sleep(0.02)
    return await transform(*arguments)


def _failing(every: int) -> Parts:
    numbers = itertools.count(1)

    async def wrong(*arguments: Any) -> Answer:
        if next(numbers) % every == 0:
            raise Unavailable("seeded fault", reason="seeded")
        return await transform(*arguments)

    return Parts(transform=wrong)


def judged(directory: Path, parts: Parts | None = None, **options: Any) -> LoadResult:
    """The result of a run against the platform behind this gateway."""
    directory.mkdir(exist_ok=True)
    return loaded(directory, parts, **{**BESIDE, "objectives": OBJECTIVES, **options}).result


def test_a_gateway_that_is_20_ms_slower_is_failed_for_that(tmp_path: Path) -> None:
    """Nothing but the time added is blamed, on all routes together, and it is about 20 ms."""
    result = judged(tmp_path, Parts(transform=_late))
    assert not result.passed
    assert all("later than legacy's" in reason for reason in result.reasons), result.reasons
    assert any(reason.startswith("overall: median is ") for reason in result.reasons)
    added = result.ratios["overall"].added["p50"]
    assert 18 < added.value < 35, added


def test_a_gateway_that_fails_one_percent_is_failed_for_that(tmp_path: Path) -> None:
    """The error rate is named with the commonest reason, and nothing else is blamed."""
    result = judged(tmp_path, _failing(100), rate=24.0, run_time=30.0)
    assert not result.passed
    assert all("error rate" in reason for reason in result.reasons), result.reasons
    assert any(reason.startswith("overall: ") and "HTTP 503" in reason for reason in result.reasons)
    assert 0.004 < result.sides["gateway"].overall.error_rate < 0.02


def test_a_gateway_that_buffers_streams_is_failed_for_that(tmp_path: Path) -> None:
    """The first token comes when the last one does: only the stream's route misses, by what is added to it."""
    result = judged(tmp_path, FAULTS["response-body"].parts, rate=6.0, run_time=24.0, workload=Workload({"api": 1}))
    assert not result.passed
    assert [reason.partition(":")[0] for reason in result.reasons] == ["inference.chat"], result.reasons
    assert "later than legacy's" in result.reasons[0]
    assert result.ratios["inference.chat (first token)"].added["p50"].low > 15


def test_streams_that_pass_as_they_come_are_passed(tmp_path: Path) -> None:
    """The same load on the healthy gateway."""
    result = judged(tmp_path, rate=6.0, run_time=24.0, workload=Workload({"api": 1}))
    assert result.passed, result.reasons


@pytest.mark.timeout(600)
def test_a_healthy_gateway_passes_ten_runs_in_ten(tmp_path: Path) -> None:
    """Beside legacy, on a machine that does other things as well."""
    results = [judged(tmp_path / str(number), run_time=12.0) for number in range(10)]
    assert [result.reasons for result in results] == [()] * 10
    assert all(result.ratios["overall"].ratios["p50"].low > 0 for result in results)


@pytest.mark.parametrize("shape", [Shape.STEADY, Shape.SPIKE, Shape.RAMP])
def test_a_healthy_gateway_passes_in_every_shape(tmp_path: Path, shape: Shape) -> None:
    """With arrivals at a constant rate."""
    result = judged(tmp_path, target="gateway", shape=shape, rate=15.0, spike=3.0, run_time=12.0)
    assert result.passed, result.reasons
    assert result.shape == shape


def test_the_knee_of_the_gateway_is_found(tmp_path: Path) -> None:
    """A capacity with its interval, or at least what was tried."""
    options = {"target": "gateway", "shape": Shape.KNEE, "rate": 120.0, "run_time": 70.0, "step": 2.0}
    result = judged(tmp_path, **options)
    assert result.passed, result.reasons
    assert result.capacity is not None
    assert result.capacity.rate.value > 5
    assert any(note.startswith("capacity is ") for note in result.notes)
