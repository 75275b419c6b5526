from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from loadtests.tally import Tally
from tests.apps.load_target import CREDENTIALS, Behaviour, Target, running
from tests.apps.shadowed import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


@contextmanager
def locust(target: Target, directory: Path, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Plain locust on our locust file, whose tally goes to the directory; nothing of it is left behind."""
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--only-summary"]
    plain = {
        "CUTOVER_CONFIG": str(target.config),
        "CUTOVER_LOAD_THINK": "0.02",
        "CUTOVER_LOAD_DIRECTORY": str(directory),
        "PYTHONPATH": str(ROOT),
    }
    environment = {**os.environ, **plain, **CREDENTIALS, **variables}
    with subprocess.Popen([*command, *arguments], cwd=ROOT, env=environment, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def own_port() -> tuple[str, ...]:
    """Options that let a master and its workers meet on a free port of this machine."""
    port = str(free_port())
    return ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port)


def tally_in(directory: Path) -> dict[str, Any]:
    """The document that the run wrote."""
    found: dict[str, Any] = json.loads((directory / "tally.json").read_text())
    return found


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The two workers that locust forked, once they are there and put load on the target."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: list[psutil.Process] = psutil.Process(process.pid).children()
        if len(found) == 2:
            return found
        time.sleep(0.05)
    raise AssertionError("no workers")


def test_two_workers_count_as_one(tmp_path: Path) -> None:
    """What two workers sent is what arrived, each request once, with one sign-in, on the side of its slice."""
    behaviour = Behaviour()
    with running(tmp_path, behaviour) as target:
        options = ("--processes", "2", *own_port(), "-u", "4", "-r", "10", "-t", "4s", "--stop-timeout", "2")
        with locust(target, tmp_path, *options, CUTOVER_LOAD_TARGET="both", CUTOVER_LOAD_SLICE="1") as process:
            assert process.wait(60) == 0
    document = tally_in(tmp_path)
    tally = Tally.from_json(document["tally"])
    arrived = sum(behaviour.seen.values()) - behaviour.sign_ins
    assert tally.histogram.total == arrived > 100
    assert (behaviour.sign_ins, document["lost"], document["faults"]) == (1, [], [])
    order_of_sides = ["legacy", "gateway", "gateway", "legacy"]
    assert all(place.side == order_of_sides[place.slice % 4] for place in tally.counts)
    assert len({place.slice for place in tally.counts}) > 2
    # Seen from the target: between the slices of a side there is none of the other's.
    order = [
        "gateway" if path.startswith("/api/") else "legacy" for path in behaviour.arrivals if "login" not in path
    ]
    assert sum(before != after for before, after in pairwise(order)) < 12


def test_a_lost_worker_is_told_and_its_figures_are_kept(tmp_path: Path) -> None:
    """A worker that is killed in the middle is named; what it had counted until then is in the sum."""
    behaviour = Behaviour()
    with running(tmp_path, behaviour) as target:
        options = ("--processes", "2", *own_port(), "-u", "4", "-r", "10", "-t", "12s", "--stop-timeout", "2")
        with locust(target, tmp_path, *options) as process:
            workers = workers_of(process)
            while sum(behaviour.seen.values()) < 100:
                time.sleep(0.02)
            workers[0].kill()
            process.wait(60)
    document = tally_in(tmp_path)
    assert len(document["lost"]) == 1
    assert "was lost" in document["lost"][0]
    counted = Tally.from_json(document["tally"]).histogram.total
    arrived = sum(behaviour.seen.values()) - behaviour.sign_ins
    assert arrived * 0.8 < counted <= arrived


def test_a_worker_that_leaves_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """A worker that is asked to end tells its last figures, and the run says that it left."""
    behaviour = Behaviour()
    with running(tmp_path, behaviour) as target:
        options = ("--processes", "2", *own_port(), "-u", "4", "-r", "10", "-t", "12s", "--stop-timeout", "2")
        with locust(target, tmp_path, *options) as process:
            workers = workers_of(process)
            while sum(behaviour.seen.values()) < 100:
                time.sleep(0.02)
            workers[0].terminate()
            process.wait(60)
    document = tally_in(tmp_path)
    assert [text.partition(" left ")[1] for text in document["lost"]] == [" left "]
    assert Tally.from_json(document["tally"]).histogram.total == sum(behaviour.seen.values()) - behaviour.sign_ins


def test_no_worker_outlives_its_master(tmp_path: Path) -> None:
    """When the master is killed, its workers end by themselves."""
    with running(tmp_path) as target:
        options = ("--processes", "2", *own_port(), "-u", "2", "-t", "60s")
        with locust(target, tmp_path, *options) as process:
            workers = workers_of(process)
            while not target.behaviour.seen:
                time.sleep(0.02)
            process.kill()
            _, alive = psutil.wait_procs(workers, timeout=15)
    assert not alive
