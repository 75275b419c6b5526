from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from shadow.children import Child, with_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def lifeline() -> Iterator[int]:
    """The child's end of a pipe."""
    read, write = os.pipe()
    yield read
    os.close(read)
    os.close(write)


def until(true: Callable[[], object]) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_that_dies_is_started_again(lifeline: int, capsys: pytest.CaptureFixture[str]) -> None:
    """After a pause a dead child is replaced, and that is said; its last words are passed on to our stderr."""
    child = Child([sys.executable, "-c", "print('so long')"], os.environ, lifeline, "the worker")
    first = child.process.pid
    until(lambda: "so long" in child.lines)

    def replaced() -> bool:
        child.tend()
        return child.process.pid != first

    until(replaced)
    assert "cutover shadow: the worker ended (exit code 0); started again in 0.4 s" in capsys.readouterr().err
    child.process.kill()
    child.process.wait()
    child.tend()
    assert "the worker ended (killed by signal 9)" in capsys.readouterr().err
    child.stop(5)
    assert not child.alive


def test_a_stubborn_child_is_ended_in_time(lifeline: int) -> None:
    """A child that ignores the request to end is ended after the time it was given."""
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    child = Child([sys.executable, "-c", code], os.environ, lifeline)
    until(lambda: "up" in child.lines)
    child.tend()
    assert child.alive
    child.stop(0.1)
    assert not child.alive


def test_children_find_these_packages() -> None:
    """The import path of a child starts with this project and keeps what was set."""
    known = with_packages({"PYTHONPATH": "/elsewhere"})["PYTHONPATH"].split(os.pathsep)
    assert known[1] == "/elsewhere"
    assert os.path.isdir(os.path.join(known[0], "shadow"))  # noqa: PTH112, PTH118 - entries of a path list are texts
