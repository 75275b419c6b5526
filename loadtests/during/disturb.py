"""The side of a load test that disturbs it: a process beside the load, told when that began and when it ended."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from gateway.core.errors import ConfigError, CutoverError, RefusedError, UnreachableError, UsageError
from gateway.core.objectives import Aim
from loadtests.during.act import Account
from loadtests.during.aftermath import aftermath, reasons
from loadtests.during.order import due
from loadtests.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gateway.core.objectives import Promised
    from loadtests.during.aftermath import Aftermath
    from loadtests.during.order import Disturbances
    from loadtests.tally import Tally

_DRIFT = 0.05
"""Seconds by which the beginning must have become known better to be told again."""
_END = 30.0
"""Seconds that undoing may take."""


class Progress(Protocol):
    """What must be known of a load's progress: its seconds so far and its users."""

    @property
    def elapsed(self) -> float:
        """Seconds since the load began."""

    @property
    def users(self) -> int:
        """How many there are now; none before it begins."""


class Disturber:
    """What runs beside a load. Without orders nothing does."""

    def __init__(self, ordered: Disturbances | None, process: subprocess.Popen[str] | None) -> None:
        self.ordered = ordered
        self._process = process
        self._began = float("inf")
        self.accounts: tuple[Account, ...] = ()

    def watching[P: Progress](self, on_progress: Callable[[P], None] | None) -> Callable[[P], None]:
        """Hears of the load's progress on its way to whoever shows it."""

        def heard(progress: P) -> None:
            if progress.users:
                self._tell(time.monotonic() - progress.elapsed)
            if on_progress:
                on_progress(progress)

        return heard

    def finish(self) -> None:
        """The load has ended: everything is undone and accounted for when this returns.

        Raises:
            UnreachableError: the process is gone, or does not end; what it did may not be undone.
        """
        if self._process is None:
            return
        try:
            said, _ = self._process.communicate(timeout=_END)
            self.accounts = tuple(Account(**one) for one in json.loads(said.splitlines()[-1])["accounts"])
        except (subprocess.TimeoutExpired, OSError, ValueError, LookupError):
            self._process.kill()
            raise UnreachableError(
                "what disturbs the load gave no account; look at the flags and processes"
            ) from None

    def aftermaths(
        self, tally: Tally, side: str, promised: Mapping[str, Promised], elapsed: float
    ) -> tuple[Aftermath, ...]:
        """What each disturbance did to a side, by what is promised of its routes."""
        late = {route: one.bounds[Aim.P95] * 1e3 for route, one in promised.items() if Aim.P95 in one.bounds}
        ticks = [tick for tick in timeline(tally, late) if tick.side == side]
        rate = max((one.bounds[Aim.ERRORS] for one in promised.values() if Aim.ERRORS in one.bounds), default=0.0)
        return tuple(aftermath(account, ticks, rate, elapsed) for account in self.accounts)

    def reasons(self, found: Iterable[Aftermath]) -> tuple[str, ...]:
        """Why the load failed by what was done to it."""
        return tuple(reason for one in found for reason in reasons(one, self.ordered)) if self.ordered else ()

    def _tell(self, began: float) -> None:
        # A document of progress is always late by its way here, so the earliest beginning is the truest.
        if self._process and self._process.stdin and began < self._began - _DRIFT:
            self._began = began
            with suppress(OSError):
                self._process.stdin.write(f"{began}\n")
                self._process.stdin.flush()


@contextmanager
def disturbing(ordered: Disturbances | None, run_time: float) -> Iterator[Disturber]:
    """Have everything ready that is to happen in a load of so many seconds; after the block it is undone.

    Raises:
        UsageError: a moment is after the end, or a process cannot be signalled.
        RefusedError: there is no flag to flip.
        ConfigError: the store cannot be opened.
    """
    if ordered is None or not ordered.actions:
        yield Disturber(None, None)
        return
    order = {
        "ordered": {**asdict(ordered), "store": str(ordered.store)},
        "due": [asdict(one) for one in due(ordered.actions, run_time)],
    }
    # In a session of its own: Ctrl-C at the terminal must not keep it from undoing.
    with subprocess.Popen(
        [sys.executable, "-m", "loadtests.during"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        _start(process, order)
        disturber = Disturber(ordered, process)
        try:
            yield disturber
        finally:
            disturber.finish()


def _start(process: subprocess.Popen[str], order: dict[str, Any]) -> None:
    assert process.stdin  # noqa: S101 - both are pipes
    assert process.stdout  # noqa: S101
    answer: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
    if not answer.get("ready"):
        raise _told(answer)


def _told(answer: dict[str, Any]) -> CutoverError:
    kinds: dict[int, type[CutoverError]] = {1: RefusedError, 2: UsageError, 3: ConfigError}
    kind = kinds.get(answer.get("exit", 0), UnreachableError)
    return kind(answer.get("error", "what disturbs the load did not start"))
