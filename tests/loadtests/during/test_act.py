from __future__ import annotations

import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gateway.core.errors import UsageError
from loadtests.during.act import Account, Doer
from loadtests.during.order import Disturbances, due, parsed

RUN_TIME = 100.0


def done(text: str, over: threading.Event | None = None, **given: dict[str, str]) -> Account:
    """The account of one action, carried out now."""
    ordered = Disturbances(parsed([text]), **given)  # type: ignore[arg-type]
    started = time.monotonic()
    doer = Doer(due(ordered.actions, RUN_TIME)[0], ordered)
    return doer.run(lambda: time.monotonic() - started, over or threading.Event())


def python(code: str) -> str:
    """A command that runs Python."""
    return shlex.join([sys.executable, "-c", code])


def test_a_killed_process_is_started_again_by_its_command(tmp_path: Path) -> None:
    """After its time away; the new one is no child that ends with us."""
    mark = tmp_path / "mark"
    with subprocess.Popen(["sleep", "60"]) as process:
        # For a moment after its start a process has no words.
        while not Path(f"/proc/{process.pid}/cmdline").read_bytes():
            pass
        restart = {"gateway": python(f"open({str(mark)!r}, 'w').write('up')")}
        account = done("kill gateway for 0.3s", processes={"gateway": str(process.pid)}, restarts=restart)
        assert process.wait() == -9
    assert account.error == ""
    assert account.ended - account.began >= 0.3
    assert account.steps[0] == f"killed pid {process.pid} (sleep 60)"
    assert account.steps[1].startswith("started ")
    assert mark.read_text() == "up"


def test_a_restart_that_fails_is_told(tmp_path: Path) -> None:
    """Its exit code is in the account, and so is a command that is none."""
    for command, match in ((python("raise SystemExit(7)"), "ended with 7"), (str(tmp_path / "none"), "No such file")):
        with subprocess.Popen(["sleep", "60"]) as process:
            account = done(
                "kill gateway for 0s", processes={"gateway": str(process.pid)}, restarts={"gateway": command}
            )
        assert match in account.error


def test_a_stopped_process_goes_on_whatever_happens(tmp_path: Path) -> None:
    """After its time, and at once when the load ends."""
    counting = tmp_path / "n"
    code = (
        f"import time\nn = 0\nwhile True:\n    n += 1; open({str(counting)!r}, 'w').write(str(n)); time.sleep(0.01)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        while not counting.exists():
            assert process.poll() is None
        over = threading.Event()
        threading.Timer(0.3, over.set).start()
        account = done("stop redis for 50s", over, processes={"redis": str(process.pid)})
        assert account.error == ""
        assert account.ended < 10
        assert account.steps[-1] == "let it go on"
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        assert state != "T"
        process.kill()


def test_a_command_runs_to_its_end_or_to_the_loads(tmp_path: Path) -> None:
    """What fails is told; what has not ended with the load is ended."""
    assert done(f"run {python('pass')}").error == ""
    assert "ended with 3" in done(f"run {python('raise SystemExit(3)')}").error
    assert "No such file" in done(f"run {tmp_path}/none").error
    over = threading.Event()
    threading.Timer(0.2, over.set).start()
    account = done("run sleep 60", over)
    assert (account.error, account.steps[-1]) == ("", "ended it with the load")
    assert done("run sleep 60 for 0.1s").steps[-1] == "ended it after its time"


def test_what_cannot_be_done_is_known_before_the_load() -> None:
    """A process that is none, a restart that is no command."""
    with pytest.raises(UsageError, match="no pid file"):
        done("kill gateway", processes={"gateway": "/nowhere"})
    with subprocess.Popen(["sleep", "60"]) as process:
        with pytest.raises(UsageError, match="quotation"):
            done("kill gateway", processes={"gateway": str(process.pid)}, restarts={"gateway": "'half"})
        process.kill()
