"""What a circuit is told of an admitted request."""

from __future__ import annotations

import asyncio

import pytest

from gateway.circuit import CircuitOpen, Circuits
from gateway.core.resilience import CircuitPolicy
from gateway.metrics import Metrics
from gateway.problem import Unreachable
from gateway.watched import Watched, admitted, judged
from tests.apps.table import service

POLICY = CircuitPolicy(failures=0.5, least=2, window=5, open=60, trials=1)
SERVICE = service("compute", "http://127.0.0.1:1")


async def _fails(reason: str = "broken") -> None:
    raise Unreachable("no", reason=reason, sent=True)


async def _answers() -> int:
    return 7


def _watched(circuits: Circuits, metrics: Metrics) -> Watched:
    return admitted(SERVICE, circuits, POLICY, metrics)


async def test_failures_open_the_circuit_and_are_told_of_once() -> None:
    """Then nobody is admitted, and the count has gone up by one."""
    circuits, metrics = Circuits(), Metrics()
    for _ in range(2):
        with pytest.raises(Unreachable):
            await judged(_watched(circuits, metrics), _fails())
    assert metrics.value("cutover_circuit_opened_total", service="compute") == 1
    with pytest.raises(CircuitOpen) as refused:
        _watched(circuits, metrics)
    assert 58 <= int(refused.value.headers[0][1]) <= 60


async def test_answers_that_only_could_not_be_rewritten_are_answers() -> None:
    """What the gateway cannot do with an answer says nothing of the service."""
    circuits, metrics = Circuits(), Metrics()
    for _ in range(9):
        with pytest.raises(Unreachable):
            await judged(_watched(circuits, metrics), _fails("rewrite"))
        assert await judged(_watched(circuits, metrics), _answers()) == 7
    assert circuits.of(SERVICE).closed


async def test_broken_off_answer_is_a_failure_after_all() -> None:
    """An answer counts as one until its body breaks off."""
    circuits, metrics = Circuits(), Metrics()
    for _ in range(2):
        watched = _watched(circuits, metrics)
        assert await judged(watched, _answers()) == 7
        assert circuits.of(SERVICE).closed
        watched.broke()
    assert not circuits.of(SERVICE).closed


async def test_cancelled_request_says_nothing_of_the_service() -> None:
    """Nobody knows what it would have answered."""
    circuits, metrics = Circuits(), Metrics()
    for _ in range(9):
        task = asyncio.ensure_future(judged(_watched(circuits, metrics), asyncio.sleep(9)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert circuits.of(SERVICE).closed
