"""Processes of this machine that the operator named, and no others."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

from gateway.core.errors import UsageError

_PROC = Path("/proc")
_SLACK = 2.0
"""Seconds by which a process may seem younger than its pid file: start times are in steps."""
_GONE = 5.0


class Local:
    """One process, held by a handle that stays its own when its pid is given to another.

    `where` is a pid, or a file that holds one.

    Raises:
        UsageError: it is no process of this machine that may be signalled, or one that this one depends on.
    """

    def __init__(self, name: str, where: str) -> None:
        self._name, self._where = name, where
        self._handle = -1
        self.pid = 0
        self.find()

    def find(self) -> None:
        """Look again at the pid or file; a supervisor may have started another one meanwhile."""
        pid = self._given()
        if pid <= 1 or pid in _ancestors():
            raise UsageError(f"--process {self._name}={self._where}: pid {pid} is what this load test runs under")
        try:
            handle = os.pidfd_open(pid)
            # Signal 0 asks whether it may be signalled.
            signal.pidfd_send_signal(handle, 0)
        except ProcessLookupError:
            raise UsageError(f"--process {self._name}={self._where}: there is no process {pid}") from None
        except PermissionError:
            raise UsageError(f"--process {self._name}={self._where}: process {pid} is another user's") from None
        if self._handle >= 0:
            os.close(self._handle)
        self._handle, self.pid = handle, pid
        self._refuse_stale()

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return not self._ended(0.0)

    @property
    def command(self) -> str:
        """Its command line, for people; empty when it is gone."""
        try:
            return (
                (_PROC / str(self.pid) / "cmdline")
                .read_bytes()
                .rstrip(b"\0")
                .replace(b"\0", b" ")
                .decode(errors="replace")
            )
        except OSError:
            return ""

    def kill(self) -> None:
        """End it at once, and wait until it is gone.

        Raises:
            ProcessLookupError: it was gone already.
            TimeoutError: it is still there after five seconds.
        """
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        if not self._ended(_GONE):
            raise TimeoutError(f"process {self.pid} was killed and is still there")

    def stop(self) -> None:
        """Let it stand still: its connections stay open, and nothing is answered."""
        signal.pidfd_send_signal(self._handle, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on; one that is gone stays gone."""
        try:
            signal.pidfd_send_signal(self._handle, signal.SIGCONT)
        except ProcessLookupError:
            return

    def _ended(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _given(self) -> int:
        if self._where.isdecimal():
            return int(self._where)
        try:
            text = Path(self._where).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no text"
            raise UsageError(f"--process {self._name}={self._where}: no pid, and no pid file: {reason}") from None
        if not text.isdecimal():
            raise UsageError(f"--process {self._name}={self._where}: the file holds no pid")
        return int(text)

    def _refuse_stale(self) -> None:
        """A pid file that was left behind may name whatever got that number since."""
        if not self._where.isdecimal() and Path(self._where).stat().st_mtime + _SLACK < _started(self.pid):
            raise UsageError(
                f"--process {self._name}={self._where}: the file is older than process {self.pid}"
                f" ({self.command[:80]}), so it means another one"
            )


def _ancestors() -> set[int]:
    found, pid = {os.getpid()}, os.getppid()
    while pid > 0 and pid not in found:
        found.add(pid)
        pid = int(_stat(pid)[1])
    return found


def _started(pid: int) -> float:
    ticks = float(_stat(pid)[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of a process's `stat` from the third on; zeros when it is gone."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 20
