from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.apps.load_target import CREDENTIALS, Behaviour, Target, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """The small load target."""
    with running(tmp_path, Behaviour()) as found:
        yield found


def environment(target: Target, **variables: str) -> dict[str, str]:
    """What an operator sets for a plain locust run."""
    plain = {"CUTOVER_CONFIG": str(target.config), "CUTOVER_LOAD_THINK": "0.02", "PYTHONPATH": str(ROOT)}
    return {**os.environ, **plain, **variables}


def locust(target: Target, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Plain locust on our locust file, headless."""
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(target, **variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_plain_locust_works_too(target: Target) -> None:
    """`locust -f loadtests/locustfile.py` reads the environment and names statistics by side and route id."""
    variables = {**CREDENTIALS, "CUTOVER_LOAD_TARGET": "both", "CUTOVER_LOAD_SLICE": "0.5"}
    done = locust(target, "-u", "2", "-t", "2s", "--only-summary", **variables)
    assert done.returncode == 0, done.stderr
    assert "gateway:deployments.list" in done.stdout + done.stderr
    assert "legacy:deployments.list" in done.stdout + done.stderr
    assert target.behaviour.sign_ins == 1


LEAVES = """
import os
import gevent
from locust import events
from loadtests.locustfile import *

def leave(environment, **_):
    while environment.stats.total.num_requests < 5:
        gevent.sleep(0.02)
    environment.events.quit.fire(exit_code=0)
    os._exit(0)

events.test_start.add_listener(lambda environment, **_: gevent.spawn(leave, environment))
"""


@pytest.mark.proof
def test_a_locust_that_leaves_in_the_middle_tells_what_it_measured(target: Target, tmp_path: Path) -> None:
    """Ended while it stops, it never says that the load has stopped; the figures are there all the same."""
    (tmp_path / "leaves.py").write_text(LEAVES)
    command = [sys.executable, "-m", "locust", "-f", str(tmp_path / "leaves.py"), "--headless", "-t", "30s"]
    variables = environment(target, **CREDENTIALS, CUTOVER_LOAD_DIRECTORY=str(tmp_path))
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "tally.json").read_text())
    assert told["elapsed"] > 0
    assert len(told["tally"]) > 0
    assert told["cleaned"] is None


def test_bad_settings_are_one_line(target: Target) -> None:
    """Without credentials plain locust ends with our line and exit code, not with a traceback."""
    done = locust(target, "-u", "1", "-t", "1s", CUTOVER_LOAD_USERNAME="", CUTOVER_LOAD_TOKEN="")
    assert done.returncode == 3
    assert "cutover: set CUTOVER_LOAD_USERNAME" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_load_goes_on_without_its_parent(target: Target, tmp_path: Path) -> None:
    """When the process that started the load is killed, locust ends by itself."""
    command = [sys.executable, "-m", "migrate", "loadtest", "run", "--run-time", "60s", "--think", "0.02", "-u", "1"]
    variables = environment(target, **CREDENTIALS, CUTOVER_STORE=str(tmp_path / "cutover.db"))
    variables.pop("CUTOVER_LOAD_THINK")
    with subprocess.Popen(
        [*command, "--target", "legacy"], cwd=ROOT, env=variables, stderr=subprocess.DEVNULL
    ) as parent:
        try:
            child = _awaited(lambda: next(iter(psutil.Process(parent.pid).children()), None))
            _awaited(lambda: target.behaviour.seen["/deployment/deployments"] or None)
        finally:
            parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([child], timeout=15)
    assert not alive


def _awaited(look: object) -> psutil.Process:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = look()  # type: ignore[operator]
        if found is not None:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")
