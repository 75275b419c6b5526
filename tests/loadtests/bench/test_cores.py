from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench.cores import Cores, bind, cpu_seconds, descendants, prefer, resident, two_cores


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


def test_a_running_process_is_bound_with_all_its_threads() -> None:
    """Every thread of a process that is there already moves to the core, and it is found below its parent."""
    words = "import threading, sys; threading.Thread(target=sys.stdin.read).start(); print('up', flush=True)"
    with subprocess.Popen([sys.executable, "-c", words], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline()
        core = two_cores().load
        bind(child.pid, core)
        threads = [int(task.name) for task in Path(f"/proc/{child.pid}/task").iterdir()]
        assert len(threads) == 2
        assert all(os.sched_getaffinity(thread) == {core} for thread in threads)
        assert child.pid in descendants(os.getpid())
        child.communicate()
    assert descendants(2**22 + 1) == []


def test_a_preferred_process_goes_first_where_that_is_allowed() -> None:
    """The process and its children are scheduled before others; without the right to it nothing breaks."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        prefer(child.pid)
        expected = {os.SCHED_FIFO} if os.geteuid() == 0 else {os.SCHED_FIFO, os.SCHED_OTHER}
        assert os.sched_getscheduler(child.pid) in expected
        child.communicate(b"\n")
