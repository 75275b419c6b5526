from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.core.errors import ConfigError, CutoverError, UnreachableError
from migrate.together import run_together

ROOT = Path(__file__).parents[2]
_RUN = """
import sys
from migrate.together import run_together
run_together({name: [sys.executable, "-c", code] for name, code in zip(("one", "two"), sys.argv[1:])}, patience=1)
"""
_SLEEPS = "import time; time.sleep(60)"
_STAYS = "import os; os.write(1, f'{os.getpid()}\\n'.encode()); " + _SLEEPS
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _STAYS


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.proof
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("second", [_STAYS, _STUBBORN])
def test_one_signal_stops_all(number: signal.Signals, second: str) -> None:
    """Politely, and after the patience firmly; the end is no error."""
    with subprocess.Popen(
        [sys.executable, "-c", _RUN, _STAYS, second], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            children = [int(process.stdout.readline()) for _ in range(2)]
        finally:
            process.send_signal(number)
        assert process.wait(20) == 0
    assert all(gone(pid) for pid in children)


def test_hangup_is_passed_on_to_those_who_reload() -> None:
    """With `reloading` SIGHUP stops nothing and reaches the named child alone."""
    told = "import os, signal, time; signal.signal(signal.SIGHUP, lambda *_: os.write(1, b'told\\n'));" + _STAYS
    run = _RUN.replace("patience=1", "patience=1, reloading=('one',)")
    with subprocess.Popen(
        [sys.executable, "-c", run, told, _STAYS], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            assert all(process.stdout.readline() for _ in range(2))
            process.send_signal(signal.SIGHUP)
            assert process.stdout.readline() == "told\n"
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        ("raise SystemExit(3)", ConfigError, "two ended by itself with exit code 3; one was stopped too"),
        ("raise SystemExit(4)", UnreachableError, "two ended by itself with exit code 4; one was stopped too"),
        ("", UnreachableError, "two ended by itself with exit code 0; one was stopped too"),
        ("import os; os.kill(os.getpid(), 9)", UnreachableError, "two was ended by SIGKILL; one was stopped too"),
    ],
)
def test_when_one_ends_the_others_are_stopped(code: str, error: type[CutoverError], reason: str) -> None:
    """With a line that says which and how."""
    with pytest.raises(error, match=reason):
        run_together({"one": [sys.executable, "-c", _SLEEPS], "two": [sys.executable, "-c", code]})


def test_signal_handlers_are_put_back() -> None:
    """A caller keeps its own."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(UnreachableError, match="nothing else was stopped too"):
        run_together({"one": [sys.executable, "-c", ""]})
    assert signal.getsignal(signal.SIGTERM) is before
