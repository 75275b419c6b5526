"""Doing what was ordered, at its moment, and undoing what must not stay."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.core.errors import CutoverError
from loadtests.during.flip import Flip
from loadtests.during.local import Local
from loadtests.during.order import FLIP, KILL, STOP, words

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from loadtests.during.order import Disturbances, Due

_PATIENCE = 5.0
"""Seconds a command gets to end after it was asked to."""


@dataclass
class Account:
    """What came of one action: the load's seconds at which it began and ended, steps in words, what went wrong."""

    action: str
    verb: str
    began: float
    ended: float
    steps: list[str] = field(default_factory=list)
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """The same as a document."""
        return asdict(self)


class Doer:
    """One action, prepared: its process is found, its flags are known.

    Raises:
        UsageError: a process is none that may be signalled.
        RefusedError: no flag can be flipped.
    """

    def __init__(self, due: Due, ordered: Disturbances) -> None:
        self.due = due
        action = due.action
        self._restart = ordered.restarts.get(action.what, "")
        self._local = Local(action.what, ordered.processes[action.what]) if action.verb in {KILL, STOP} else None
        self._flip = Flip(ordered.store, action.what, ordered.by) if action.verb == FLIP else None
        if self._restart:
            words(self._restart)

    def run(self, elapsed: Callable[[], float], over: threading.Event) -> Account:
        """Do it now, and return when it is done and undone; `over` says that the load has ended."""
        action = self.due.action
        account = Account(action.text, action.verb, elapsed(), 0.0)
        try:
            _ways(self)[action.verb](over, account.steps.append)
        except (CutoverError, OSError, sqlite3.Error, subprocess.SubprocessError) as error:
            account.error = str(error)
        account.ended = elapsed()
        return account

    def flip(self, over: threading.Event, note: Callable[[str], None]) -> None:
        """Move flags back and forth."""
        assert self._flip  # noqa: S101 - made for this verb
        self._flip.run(self.due.lasts, over, note)

    def stop(self, over: threading.Event, note: Callable[[str], None]) -> None:
        """Let a process stand still for a while."""
        process = self._found()
        process.stop()
        try:
            note(f"stopped pid {process.pid} ({process.command[:120]})")
            over.wait(self.due.lasts)
        finally:
            process.go_on()
        note("let it go on")

    def kill(self, over: threading.Event, note: Callable[[str], None]) -> None:
        """End a process, and start it again where a command is known."""
        process = self._found()
        note(f"killed pid {process.pid} ({process.command[:120]})")
        process.kill()
        if not self._restart:
            return
        over.wait(self.due.lasts)
        started = subprocess.Popen(
            words(self._restart),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        note(f"started {self._restart} (pid {started.pid})")
        # Either it hands over to a supervisor and ends well, or it is the process itself and stays.
        with suppress(subprocess.TimeoutExpired):
            code = started.wait(0.5)
            if code:
                raise ChildProcessError(f"{self._restart} ended with {code}")

    def command(self, over: threading.Event, note: Callable[[str], None]) -> None:
        """Run a command to its end, or to the load's."""
        line = self.due.action.what
        process = subprocess.Popen(
            words(line),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        note(f"started {line} (pid {process.pid})")
        end = time.monotonic() + self.due.lasts if self.due.lasts else float("inf")
        while process.poll() is None and time.monotonic() < end and not over.wait(0.05):
            pass
        if process.poll() is None:
            note("ended it with the load" if over.is_set() else "ended it after its time")
            _end(process)
        elif process.returncode:
            raise ChildProcessError(f"{line} ended with {process.returncode}")

    def _found(self) -> Local:
        assert self._local  # noqa: S101 - made for this verb
        if not self._local.runs:
            self._local.find()
        return self._local


def _ways(doer: Doer) -> Mapping[str, Callable[[threading.Event, Callable[[str], None]], None]]:
    return {FLIP: doer.flip, STOP: doer.stop, KILL: doer.kill, "run": doer.command}


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
