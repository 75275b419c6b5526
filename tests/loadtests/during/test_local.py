from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UsageError
from loadtests.during.local import Local

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def sleeping() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            # For a moment after its start a process has no words.
            while not Path(f"/proc/{process.pid}/cmdline").read_bytes():
                pass
            yield process
        finally:
            process.kill()


def state(pid: int) -> str:
    """What the system says it does: S sleeps, T stands still, Z is dead."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_process_is_stopped_let_go_on_and_killed(tmp_path: Path) -> None:
    """By its pid or by the file that holds it; what is gone is known to be gone."""
    with sleeping() as process:
        file = tmp_path / "p.pid"
        file.write_text(f"{process.pid}\n")
        found = Local("redis", str(file))
        assert (found.pid, found.runs, found.command) == (process.pid, True, "sleep 60")
        found.stop()
        while state(process.pid) != "T":
            pass
        found.go_on()
        while state(process.pid) == "T":
            pass
        Local("redis", str(process.pid)).kill()
        assert process.wait() == -9
        assert not found.runs
        found.go_on()
        with pytest.raises(ProcessLookupError):
            found.kill()


def test_a_process_that_came_after_is_found_in_the_same_file(tmp_path: Path) -> None:
    """A supervisor writes the new pid; the next kill means that one."""
    file = tmp_path / "p.pid"
    with sleeping() as first, sleeping() as second:
        file.write_text(str(first.pid))
        found = Local("gateway", str(file))
        found.kill()
        file.write_text(str(second.pid))
        found.find()
        assert (found.pid, found.runs) == (second.pid, True)


PIDS = {"first": "1", "none": "0", "own": str(os.getpid()), "parent": str(os.getppid())}


@pytest.mark.parametrize("where", PIDS.values(), ids=PIDS)
def test_what_the_test_runs_under_is_never_signalled(where: str) -> None:
    """Neither it, nor what started it, nor the system's first process."""
    with pytest.raises(UsageError, match="runs under"):
        Local("gateway", where)


def test_what_is_no_process_is_a_usage_error(tmp_path: Path) -> None:
    """A pid that nobody has, a file that is none or holds none."""
    with subprocess.Popen(["true"]) as ended:
        pass
    with pytest.raises(UsageError, match="there is no process"):
        Local("gateway", str(ended.pid))
    with pytest.raises(UsageError, match="no pid file: No such file"):
        Local("gateway", str(tmp_path / "none"))
    (tmp_path / "text").write_text("gateway")
    with pytest.raises(UsageError, match="holds no pid"):
        Local("gateway", str(tmp_path / "text"))


def test_a_file_that_was_left_behind_means_nobody(tmp_path: Path) -> None:
    """A number is given again after a while: a process younger than its pid file is another one."""
    file = tmp_path / "p.pid"
    with sleeping() as process:
        file.write_text(str(process.pid))
        os.utime(file, (1_000_000_000, 1_000_000_000))
        with pytest.raises(UsageError, match="older than process"):
            Local("gateway", str(file))
        assert process.poll() is None
