from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from loadtests.plan import LoadPlan
from loadtests.process import run
from loadtests.runners import Runners
from tests.apps.load_target import CREDENTIALS, Behaviour, running, table
from tests.apps.shadowed import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.results import LoadResult

ROOT = Path(__file__).parent.parent.parent
pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]
SHORT = {"users": 6, "run_time": 5.0, "spawn_rate": 20.0, "think": 0.02}


@contextmanager
def worker(port: int, config: Path) -> Iterator[subprocess.Popen[str]]:
    """`cutover loadtest worker` with an environment that knows nothing of the run, not even the account."""
    command = [sys.executable, "-m", "migrate", "loadtest", "worker", "--master", f"127.0.0.1:{port}"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("CUTOVER_")}
    with subprocess.Popen(
        [*command, "--config", str(config)], cwd=ROOT, env=plain, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(20)


def waiting(config: Path, port: int, **options: object) -> LoadResult:
    """A run that waits for two workers."""
    runners = Runners(expect=2, port=port, bind="127.0.0.1")
    plan = LoadPlan(config, runners=runners, **{**SHORT, **options})  # type: ignore[arg-type]
    return run(plan, environment={**os.environ, **CREDENTIALS})


def test_two_workers_give_the_sum_of_their_loads(tmp_path: Path) -> None:
    """They take plan and session from the master, and every request that arrived is counted once."""
    port, behaviour = free_port(), Behaviour()
    with (
        running(tmp_path, behaviour) as target,
        worker(port, target.config) as one,
        worker(port, target.config) as two,
    ):
        result = waiting(target.config, port)
        codes = {one.wait(20), two.wait(20)}
    assert result.passed, result.reasons
    assert codes == {0}
    assert result.sides["gateway"].overall.requests == sum(behaviour.seen.values()) - 1 > 200
    assert behaviour.sign_ins == 1


def test_a_worker_that_is_killed_fails_the_run(tmp_path: Path) -> None:
    """The run goes on with the other, its result says what was lost, and what the lost one counted is in it."""
    port, behaviour = free_port(), Behaviour()
    with (
        running(tmp_path, behaviour) as target,
        ThreadPoolExecutor() as pool,
        worker(port, target.config) as one,
        worker(port, target.config),
    ):
        loaded = pool.submit(waiting, target.config, port, run_time=8.0)
        while sum(behaviour.seen.values()) < 150:
            time.sleep(0.02)
        (locust,) = psutil.Process(one.pid).children()
        locust.kill()
        result = loaded.result()
    assert not result.passed
    assert [reason for reason in result.reasons if "was lost" in reason]
    counted, arrived = result.sides["gateway"].overall.requests, sum(behaviour.seen.values()) - 1
    assert arrived * 0.8 < counted <= arrived


def test_a_worker_with_another_table_loads_nothing(tmp_path: Path) -> None:
    """It is told in one line what to do, and leaves."""
    port, stop = free_port(), threading.Event()
    other = tmp_path / "other"
    other.mkdir()
    (other / "cutover.yaml").write_text(table(7).replace("rate: 1000", "rate: 10"))
    with running(tmp_path) as target:
        plan = LoadPlan(target.config, runners=Runners(expect=2, port=port, bind="127.0.0.1"), **SHORT)  # type: ignore[arg-type]
        thread = threading.Thread(target=_quietly, args=(plan, stop))
        thread.start()
        try:
            with worker(port, other / "cutover.yaml") as wrong:
                _, told = wrong.communicate(timeout=40)
        finally:
            stop.set()
            thread.join(40)
    assert "another route table" in told
    assert "Traceback" not in told
    assert wrong.returncode == 2
    assert sum(target.behaviour.seen.values()) == 1


def test_workers_of_this_machine_are_started(tmp_path: Path) -> None:
    """`--workers localhost,localhost` needs nobody to start anything."""
    behaviour = Behaviour()
    with running(tmp_path, behaviour) as target:
        plan = LoadPlan(target.config, runners=Runners(workers=("localhost",) * 2, port=free_port()), **SHORT)  # type: ignore[arg-type]
        result = run(plan, environment={**os.environ, **CREDENTIALS})
    assert result.passed, result.reasons
    assert result.sides["gateway"].overall.requests == sum(behaviour.seen.values()) - 1


def test_ctrl_c_ends_a_worker_at_once(tmp_path: Path) -> None:
    """Also while it waits for a master that is not there; nothing is left of it."""
    with running(tmp_path) as target, worker(free_port(), target.config) as process:
        deadline = time.monotonic() + 20
        while not (family := psutil.Process(process.pid).children()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive


def _quietly(plan: LoadPlan, stop: threading.Event) -> None:
    try:
        run(plan, environment={**os.environ, **CREDENTIALS}, stop=stop)
    except Exception as error:  # noqa: BLE001 - a run that never began gives no result, which is not looked at here
        assert "no result" in str(error)  # noqa: PT017 - nor is it anything else
