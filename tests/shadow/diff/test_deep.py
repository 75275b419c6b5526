"""DeepDiff's process: answers, deadlines, and how it ends."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from shadow.diff import deep
from shadow.diff.deep import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = [{"a": 1, "b": 2}, {"x": 5, "y": 6}]
THEIRS = [{"x": 5, "y": 7}, {"a": 1, "b": 3}]
HARD = [[{"v": n * m, "w": [n, m, n - m], "t": "x" * m} for n in range(60)] for m in (3, 4)]


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker of its own, closed afterwards."""
    one = Worker()
    yield one
    one.close()
    assert one.pid is None


def gone(pid: int) -> bool:
    """Whether a process ends within two seconds."""
    until = time.monotonic() + 2
    while psutil.pid_exists(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not psutil.pid_exists(pid)


def test_it_starts_with_the_first_question_and_stays(worker: Worker) -> None:
    """One child answers every question."""
    assert worker.pid is None
    assert worker.pairs(OURS, THEIRS, 10.0) == [(0, 1), (1, 0)]
    first = worker.pid
    assert worker.pairs(THEIRS, OURS, 10.0) == [(0, 1), (1, 0)]
    assert worker.pid == first


def test_a_late_answer_kills_it(worker: Worker) -> None:
    """At the deadline the child is killed and reaped; the next question starts another."""
    worker.pairs(OURS, THEIRS, 10.0)
    first = worker.pid
    assert first is not None
    assert worker.pairs(*HARD, 0.01) is None
    assert gone(first)
    assert worker.pairs(OURS, THEIRS, 10.0) == [(0, 1), (1, 0)]


def test_after_a_late_answer_another_child_gets_ready(worker: Worker) -> None:
    """It starts at once, and while it does, a question waits no longer than it may."""
    worker.pairs(OURS, THEIRS, 10.0)
    worker.pairs(*HARD, 0.01)
    assert worker.pid is not None
    started = time.monotonic()
    assert worker.pairs(OURS, THEIRS, 0.0) is None
    assert time.monotonic() - started < 1.0
    assert worker.pairs(OURS, THEIRS, 10.0) == [(0, 1), (1, 0)]


@pytest.mark.proof
def test_a_question_waits_for_its_turn_no_longer_than_it_may(worker: Worker) -> None:
    """Beside one that takes long, another gives up."""
    worker.pairs(OURS, THEIRS, 10.0)
    busy = threading.Thread(target=lambda: worker.pairs(*HARD, 2.0))
    busy.start()
    while not worker._lock.locked():
        time.sleep(0.001)
    assert worker.pairs(OURS, THEIRS, 0.05) is None
    busy.join(20)


def test_a_child_that_died_is_replaced(worker: Worker) -> None:
    """A killed child costs at most the question it was asked."""
    worker.pairs(OURS, THEIRS, 10.0)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    answers = [worker.pairs(OURS, THEIRS, 10.0) for _ in range(2)]
    assert answers[-1] == [(0, 1), (1, 0)]


def test_threads_take_turns(worker: Worker) -> None:
    """Questions from several threads get their own answers."""
    answers: list[object] = []
    threads = [threading.Thread(target=lambda: answers.append(worker.pairs(OURS, THEIRS, 10.0))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [[(0, 1), (1, 0)]] * 4


def test_the_shared_worker_can_be_closed_any_time() -> None:
    """Closing ends the child; asking again starts it anew."""
    deep.close()
    assert deep.pairs(OURS, THEIRS, 10.0) == [(0, 1), (1, 0)]
    deep.close()
    deep.close()
