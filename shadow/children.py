"""Child processes: started with a lifeline, restarted with growing pauses, ended in time."""

from __future__ import annotations

import collections
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shadow.lifeline import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_STEADY = 30.0
"""Seconds alive after which the next pause is the first one again."""
_ROOT = Path(__file__).parent.parent


class Child:
    """One child process; what it prints goes to our stderr, its last lines are kept for an error message.

    `what` says to people what ended, and what that means until it is there again.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], lifeline: int, what: str = "a child"
    ) -> None:
        self._what = what
        self._arguments = list(arguments)
        self._environment = with_packages(environment) | {VARIABLE: str(lifeline)}
        self._lifeline = lifeline
        self._pause = _FIRST_PAUSE
        self._started = 0.0
        self._again_at = 0.0
        self.lines: collections.deque[str] = collections.deque(maxlen=12)
        self.process: subprocess.Popen[str]
        self.start()

    def start(self) -> None:
        """Start it now."""
        self._started = time.monotonic()
        self._again_at = 0.0
        self.process = subprocess.Popen(
            self._arguments,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=[self._lifeline],
            start_new_session=True,
        )
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        threading.Thread(target=self._follow, args=(self.process.stdout,), daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def tend(self) -> None:
        """Start it again when it ended, after a pause that doubles with every early death."""
        if self.alive:
            return
        now = time.monotonic()
        if not self._again_at:
            self._pause = _FIRST_PAUSE if now - self._started > _STEADY else min(self._pause * 2, _LONGEST_PAUSE)
            self._again_at = now + self._pause
            how = f"killed by signal {-code}" if (code := self.process.returncode) < 0 else f"exit code {code}"
            sys.stderr.write(f"cutover shadow: {self._what} ended ({how}); started again in {self._pause:g} s\n")
        elif now >= self._again_at:
            self.start()

    def stop(self, seconds: float) -> None:
        """Ask it to end, and end it after so many seconds."""
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _follow(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self.lines.append(line.rstrip())
                if line != READY:
                    sys.stderr.write(line)


READY = "attending\n"
"""What a worker prints when the proxy has accepted it."""


def with_packages(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a child finds these very packages."""
    known = environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": os.pathsep.join([str(_ROOT), *([known] if known else [])])}
