from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from gateway.settings import INTERNAL_KEY, JWT_SECRET
from loadtests.locust_process import LocustProcess, kept
from tests.apps.load_target import CREDENTIALS, running

if TYPE_CHECKING:
    from pathlib import Path


def test_a_locust_gets_no_secret_and_no_hidden_option() -> None:
    """Keys of the platform stay with us, and nothing configures locust behind our back."""
    given = {JWT_SECRET: "s", INTERNAL_KEY: "k", "LOCUST_USERS": "9", "PATH": "/bin", "PYTHONPATH": "/x"}
    found = kept(given)
    assert set(found) == {"PATH", "PYTHONPATH"}
    assert found["PYTHONPATH"].endswith(os.pathsep + "/x")


def test_what_it_last_said_is_kept(tmp_path: Path) -> None:
    """A locust that cannot start says why, and its exit code is told with it."""
    with (tmp_path / "log").open("w+b") as log:
        child = LocustProcess(["--no-such-option"], os.environ, log)
        deadline = time.monotonic() + 30
        while not child.ended and time.monotonic() < deadline:
            time.sleep(0.02)
        child.end(1.0)
        assert "locust ended with 2" in child.last_words()
        assert "no-such-option" in child.last_words()
    assert child.returncode == 2


def test_a_table_of_requests_is_no_last_word(tmp_path: Path) -> None:
    """Locust ends with its summary, also when what went wrong stands above it."""
    with (tmp_path / "log").open("w+b") as log:
        child = LocustProcess(["--version"], os.environ, log)
        child.end(0.0)
        log.truncate(0)
        log.seek(0)
        log.write(b"Address already in use\nType     Name\n-----|-----\n")
        assert child.last_words().endswith(": Address already in use")


@pytest.mark.proof
@pytest.mark.timeout(90)
@pytest.mark.parametrize("stopped", [True, False])
def test_nothing_of_its_group_outlives_it(tmp_path: Path, *, stopped: bool) -> None:
    """Workers that locust forked end with it, also when the one that leads hangs and has to be killed."""
    with running(tmp_path) as target, (tmp_path / "log").open("w+b") as log:
        variables = {**os.environ, **CREDENTIALS, "CUTOVER_CONFIG": str(target.config)}
        child = LocustProcess(["--headless", "--processes", "2", "-t", "60s"], variables, log)
        leader = psutil.Process(child._process.pid)
        deadline = time.monotonic() + 30
        while (not target.behaviour.seen or len(leader.children()) < 2) and time.monotonic() < deadline:
            time.sleep(0.05)
        family = [leader, *leader.children()]
        assert len(family) == 3
        if not stopped:
            leader.suspend()
        child.end(10.0 if stopped else 1.0)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def test_without_a_log_it_says_nothing_of_itself() -> None:
    """A worker writes to our own outputs, so its last words are already read."""
    child = LocustProcess(["--version"], os.environ, None)
    child.end(0.0)
    assert "no word" in child.last_words()
