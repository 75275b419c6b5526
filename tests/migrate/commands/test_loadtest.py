from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.audit import results
from gateway.store.database import open_store
from migrate.cli import main
from tests.apps.load_target import CREDENTIALS, ROUTES, Behaviour, Target, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.store.audit import Result

    Command = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parent.parent.parent.parent
SHORT = ("--users", "3", "--run-time", "2s", "--spawn-rate", "20", "--think", "0.02")


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """The small load target, whose routes are all at the gateway but one."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        store = FlagStore(connection)
        moved = [Flag(route, Stage.GATEWAY) for route in ROUTES if route != "keys.list"]
        store.change(moved, expected=store.snapshot())
    with running(tmp_path, Behaviour()) as found:
        yield found


@pytest.fixture
def cutover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `cutover loadtest run …` in this process: exit code, standard output, standard error."""
    variables = {
        **CREDENTIALS,
        "CUTOVER_CONFIG": str(tmp_path / "cutover.yaml"),
        "CUTOVER_STORE": str(tmp_path / "cutover.db"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cutover", "loadtest", "run", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return run


def kept(directory: Path) -> list[Result]:
    """Stored load tests, newest first."""
    with closing(open_store(directory / "cutover.db")) as connection:
        return results(connection, "loadtest")


def test_a_healthy_run_passes_and_is_stored(target: Target, cutover: Command, tmp_path: Path) -> None:
    """Exit 0, a table with every called route, progress on standard error, and the same result in store and file."""
    code, out, err = cutover(*SHORT, "--json-file", str(tmp_path / "result.json"))
    assert code == 0, out
    assert "deployments.list" in out
    assert "passed: load-" in out
    assert "users on gateway" in err
    (row,) = kept(tmp_path)
    assert row.passed
    assert row.body == json.loads((tmp_path / "result.json").read_text())
    assert target.behaviour.sign_ins == 1


@pytest.mark.proof
def test_routes_not_yet_served_are_left_out(target: Target, cutover: Command) -> None:
    """A route that never left shadow is not asked at the gateway, and the result says so."""
    code, out, _ = cutover(*SHORT, "--json")
    document = json.loads(out)
    assert (code, document["left_out"]) == (0, ["keys.list"])
    assert target.behaviour.seen["/api/v1/api-keys"] == 0


@pytest.mark.proof
def test_a_failing_run_exits_1_and_is_stored(target: Target, cutover: Command, tmp_path: Path) -> None:
    """The reason is printed, and the stored result did not pass."""
    target.behaviour.fail_every["/api/v1/deployments"] = 10
    code, out, _ = cutover(*SHORT)
    assert code == 1
    assert "deployments.list: error rate" in out
    assert [row.passed for row in kept(tmp_path)] == [False]


@pytest.mark.usefixtures("target")
def test_a_dead_target_exits_4(cutover: Command, tmp_path: Path) -> None:
    """One line, nothing started, nothing stored."""
    code, out, err = cutover(*SHORT, "--host", "http://127.0.0.1:1")
    assert (code, out, len(err.splitlines())) == (4, "", 1)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--target", "shadow"), 2, "--target is one of"),
        (("--run-time", "soon"), 2, "--run-time soon"),
        (("--users", "0"), 2, "at least one user"),
        (("--host", "http://example.org"), 2, "--i-own-this-target example.org"),
        (("--host", "nobody=http://127.0.0.1:1"), 2, "no service"),
        (("--config", "absent.yaml"), 3, "absent.yaml"),
        (("--html", "no/such/folder/page.html"), 2, "is no directory"),
        (("--junit", "."), 2, "is a directory"),
        (("--max-error-rate", "200%"), 2, "--max-error-rate 200%: "),
        (("--web-ui", "--web-port", "99999"), 2, "--web-port 99999"),
    ],
)
def test_bad_calls_say_what_to_write(
    target: Target, cutover: Command, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """Usage and configuration errors exit 2 and 3 before any load, without a traceback."""
    found, _, err = cutover(*SHORT, *arguments)
    assert (found, words in err) == (code, True), err
    assert not target.behaviour.seen


@pytest.mark.usefixtures("target")
def test_wrong_credentials_exit_3(cutover: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables are named, not their values."""
    monkeypatch.setenv("CUTOVER_LOAD_PASSWORD", "wrong-password")
    code, _, err = cutover(*SHORT)
    assert code == 3
    assert "CUTOVER_LOAD_PASSWORD" in err
    assert "wrong-password" not in err


@pytest.mark.proof
@pytest.mark.usefixtures("target")
def test_a_store_that_is_locked_at_the_end_loses_nothing(cutover: Command, tmp_path: Path) -> None:
    """The result is shown and written; exit code 4 and one line say that readiness does not see it."""
    with closing(open_store(tmp_path / "cutover.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        code, out, err = cutover(*SHORT, "--json-file", str(tmp_path / "result.json"))
    assert (code, err.splitlines()[-1].partition("(")[0]) == (4, "cutover: the result is not in the store ")
    assert "passed: load-" in out
    assert json.loads((tmp_path / "result.json").read_text())["passed"]
    assert kept(tmp_path) == []


@pytest.mark.proof
def test_interrupting_keeps_a_partial_result(target: Target, tmp_path: Path) -> None:
    """Ctrl-C ends the load, prints and stores a result marked partial, and exits 130."""
    variables = {**os.environ, **CREDENTIALS, "CUTOVER_STORE": str(tmp_path / "cutover.db")}
    command = [sys.executable, "-m", "migrate", "loadtest", "run", *SHORT, "--run-time", "60s", "--config"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, str(target.config)], cwd=ROOT, env=variables, stdout=pipe, stderr=pipe, text=True
    ) as process:
        deadline = time.monotonic() + 20
        while target.behaviour.seen["/api/v1/deployments"] < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "cutover: interrupted"
    assert "of 60 s" in out
    (row,) = kept(tmp_path)
    assert (row.passed, row.body["partial"]) == (False, True)


@pytest.mark.proof
@pytest.mark.usefixtures("target")
def test_what_happens_during_the_load_is_told_and_stored(cutover: Command, tmp_path: Path) -> None:
    """A line for people, a document with its steps, and each second of the load."""
    mark = tmp_path / "mark"
    exit_code, said, _ = cutover(*SHORT, "--during", f"run touch {mark}")
    assert exit_code == 0, said
    assert f"during run touch {mark} (at 1." in said
    assert mark.exists()
    (stored,) = kept(tmp_path)
    (found,) = stored.body["disturbances"]
    assert (found["error"], found["steps"][0].split()[0]) == ("", "started")
    assert sum(tick["requests"] for tick in stored.body["timeline"]) == stored.body["sides"]["gateway"]["requests"]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--during", "kill gateway"], "--process gateway=PID"),
        (["--during", "make noise"], "flip PATTERN, kill NAME"),
        (["--during", "flip * at 1m"], "the load has ended by then"),
        (["--process", "redis=12"], "nothing is to happen to redis"),
        (["--during", "kill gateway", "--process", "gateway=1"], "runs under"),
    ],
)
def test_what_cannot_happen_is_refused_before_the_load(
    target: Target, cutover: Command, options: list[str], match: str
) -> None:
    """A wrong call, in one line; nothing was asked of the target but a sign-in."""
    exit_code, _, error = cutover(*SHORT, *options)
    assert exit_code == 2
    assert match in error
    assert set(target.behaviour.seen) <= {"/api/v1/auth/login"}
