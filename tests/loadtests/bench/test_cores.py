from __future__ import annotations

import os

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench.cores import Cores, cpu_seconds, resident, two_cores


def test_a_command_is_bound_to_its_core() -> None:
    """What is measured and what loads it run on different cores."""
    cores = Cores(3, 5)
    assert cores.on_peer("nginx", "-v") == ["taskset", "-c", "3", "nginx", "-v"]
    assert cores.on_load("wrk") == ["taskset", "-c", "5", "wrk"]


def test_one_core_is_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that grants one core cannot run the benchmark, and says so."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4})
    with pytest.raises(UnreachableError, match="two cores"):
        two_cores()


def test_the_first_two_allowed_cores_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cores that the process may not use are left alone."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 2, 4})
    assert two_cores() == Cores(2, 4)


def test_processor_time_counts_this_process() -> None:
    """A process that works has used processor time; one that is gone counts nothing."""
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) == before:
        sum(range(10_000))
    assert cpu_seconds(2**22 + 1) == 0.0


def test_memory_is_told_in_bytes() -> None:
    """A Python process holds more than a megabyte."""
    assert resident(os.getpid()) > 1 << 20
