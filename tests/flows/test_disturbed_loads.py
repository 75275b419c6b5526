"""Load tests of the stand-in platform through a real gateway process, while things break in their middle."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.routes import Stage
from gateway.flags.store import FlagStore
from gateway.store.audit import trail
from gateway.store.database import open_store
from tests.apps.redis_server import redis_server
from tests.apps.under_load import under_load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]


def disturbance(result: dict[str, Any]) -> dict[str, Any]:
    """The one disturbance of a result."""
    (found,) = result["disturbances"]
    assert isinstance(found, dict)
    return found


def test_flags_flipped_under_load_drop_no_request(tmp_path: Path) -> None:
    """Moved back and forth twice a second: nothing fails, all stands as before, each move has its name and reason."""
    with under_load(tmp_path) as running:
        before = running.flags()
        code, result = running.loaded("--during", "flip deployments.* for 3s")
        after = running.flags()
        with closing(open_store(running.store)) as connection:
            moves = [entry for entry in trail(connection) if entry.action == "flip"]
            stages = {entry.flag.stage for entry in FlagStore(connection).history("deployments.list")}
    found = disturbance(result)
    assert (code, result["reasons"]) == (0, []), result["timeline"]
    assert (found["failed"], found["error"]) == (0, "")
    assert 5.5 < found["began"] < 8
    assert stages == {Stage.GATEWAY, Stage.SHADOW}
    assert {entry.reason for entry in moves} == {"load test: flip deployments.*"}
    assert [flag.stage for flag in after.flags.values()] == [flag.stage for flag in before.flags.values()]
    assert sum(tick["requests"] for tick in result["timeline"]) == result["sides"]["gateway"]["requests"]


def test_a_killed_gateway_that_is_started_again_recovers(tmp_path: Path) -> None:
    """Requests fail while it is away, and are judged as that: the rest of the load is as good as ever."""
    with under_load(tmp_path) as running:
        pid_file = tmp_path / "gateway.pid"
        pid_file.write_text(str(running.gateway.pid))
        code, result = running.loaded(
            "--during", "kill gateway at 5s",
            "--process", f"gateway={pid_file}", "--restart", f"gateway={running.start}", "--max-recovery", "20",
            seconds=28,
        )  # fmt: skip
        assert running.gateway.wait(5) == -signal.SIGKILL
    found = disturbance(result)
    assert (code, result["reasons"]) == (0, []), result["timeline"]
    assert found["failed"] > 0
    assert 1.0 <= found["recovered_seconds"] <= 20
    assert [step.split()[0] for step in found["steps"]] == ["killed", "started"]
    assert result["sides"]["gateway"]["failures"] == found["failed"]


def test_a_gateway_that_stays_away_fails_the_load(tmp_path: Path) -> None:
    """Nobody starts it again: that, and no latency, is the reason."""
    with under_load(tmp_path) as running:
        code, result = running.loaded(
            "--during", "kill gateway at 4s", "--process", f"gateway={running.gateway.pid}", seconds=8
        )
    assert code == 1
    assert result["reasons"] == ["during kill gateway at 4s: it had not recovered when the load ended"]
    assert disturbance(result)["recovered_seconds"] is None


def test_a_gateway_that_stands_still_is_felt_for_that_long(tmp_path: Path) -> None:
    """Two seconds without an answer: within a bound of eight it passes, with one of a second it fails for that."""
    with under_load(tmp_path) as running:
        order = ("--during", "stop gateway at 4s for 2.5s", "--process", f"gateway={running.gateway.pid}")
        code, result = running.loaded(*order, "--max-recovery", "8")
        assert (code, result["reasons"]) == (0, []), result["timeline"]
        assert 2 <= disturbance(result)["recovered_seconds"] <= 8
        code, result = running.loaded(*order, "--max-recovery", "1")
    assert code == 1
    (reason,) = result["reasons"]
    assert "s to recover, 1 s are allowed" in reason


@pytest.mark.parametrize("action", ["stop redis at 4s for 3s", "kill redis at 4s for 2s"])
def test_a_redis_that_is_away_costs_no_request(tmp_path: Path, action: str) -> None:
    """Whether it hangs or is gone and comes back, limits are enforced locally meanwhile."""
    with redis_server() as redis, under_load(tmp_path, CUTOVER_REDIS_URL=redis.url) as running:
        assert redis.process is not None
        restart = f"redis=redis-server --port {redis.port} --bind 127.0.0.1 --save '' --dir {redis.directory}"
        options = ["--restart", restart] if action.startswith("kill") else []
        code, result = running.loaded(
            "--during", action, "--process", f"redis={redis.process.pid}", *options, "--max-failed", "0"
        )
        found = disturbance(result)
        if action.startswith("kill"):
            pid = int(found["steps"][-1].rpartition("(pid ")[2].rstrip(")"))
            redis.process.wait(5)
            os.kill(pid, signal.SIGKILL)
    assert (code, result["reasons"]) == (0, []), result["timeline"]
    assert (found["failed"], found["error"]) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_flags_are_put_back_when_the_load_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    """By Ctrl-C with a marked result, and even when it is killed."""
    with under_load(tmp_path) as running:
        process = running.load("--during", "flip deployments.* at 1s for 60s", seconds=120)
        deadline = time.monotonic() + 60
        while running.flags().flag("deployments.list").stage is not Stage.SHADOW:
            assert process.poll() is None
            assert time.monotonic() < deadline
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
        settled = time.monotonic() + 20
        while running.flags().flag("deployments.list").stage is not Stage.GATEWAY:
            assert time.monotonic() < settled
        flags = running.flags()
        assert {flag.stage for route, flag in flags.flags.items() if route.startswith("deployments.")} == {
            Stage.GATEWAY
        }
