"""Locust as a child process: it leads a process group of its own, and nothing of that group outlives its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.settings import INTERNAL_KEY, JWT_SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_SUMMARY = "\nType  "
"""How the table of all requests begins that locust writes when it ends."""
_LEAVE = 2.0
"""Seconds that workers which locust forked get to follow it."""


class LocustProcess:
    """One locust with what it forks. Ctrl-C at the terminal reaches only us, and we end it."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: IO[bytes] | None) -> None:
        self._log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), *arguments],
            env=kept(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT if log else None,
            start_new_session=True,
        )

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    @property
    def returncode(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.returncode

    def end(self, grace: float) -> None:
        """Ask it to end, wait up to `grace` seconds, then end whatever is left of its group."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(grace)
        deadline = time.monotonic() + _LEAVE
        with suppress(ProcessLookupError, PermissionError):
            while self.ended and time.monotonic() < deadline:
                os.killpg(self._process.pid, 0)
                time.sleep(0.02)
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def last_words(self) -> str:
        """Its exit code and the last line it wrote before its summary, for a message."""
        lines: list[str] = []
        if self._log:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace")
            lines = said.partition(_SUMMARY)[0].strip().splitlines()
        return f"locust ended with {self._process.returncode}: {lines[-1].strip() if lines else 'no word'}"


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would configure locust behind our back, and without secrets it has no use for."""
    out = {
        name: value
        for name, value in environment.items()
        if not name.startswith("LOCUST_") and name not in {JWT_SECRET, INTERNAL_KEY}
    }
    out["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_LOCUSTFILE.parent.parent), out.get("PYTHONPATH")]))
    return out
