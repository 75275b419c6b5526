"""What the locust process keeps: the tally, the shared session, the side under load; no locust in here."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtests.clock import RunClock
from loadtests.created import Created
from loadtests.plan import from_environment
from loadtests.prepare import prepare
from loadtests.results import GATEWAY
from loadtests.series import Series
from loadtests.sessions import Sessions
from loadtests.slices import number_at, seconds_each, side_of
from loadtests.tally import Place, Second, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.account import Session
    from loadtests.calls import Ready
    from loadtests.cleaning import Cleaned
    from loadtests.knee import Step
    from loadtests.results import SideFigures

TALLY = "tally.json"
PROGRESS = "progress.json"
_FAULTS = 50
"""Distinct texts of the persona's own faults that are kept."""


class Run:
    """One load test inside a locust process. Raises what `prepare` and `sign_in` raise.

    A worker `follows` its master: it keeps its time and takes its sessions, and signs in nowhere.
    """

    def __init__(self, environment: Mapping[str, str], *, follows: bool = False) -> None:
        self._environment = dict(environment)
        self.prepared = prepare(from_environment(environment), environment)
        self.plan = self.prepared.plan
        self.sessions = Sessions(self.prepared, environment, follows=follows)
        self._follows = follows
        directory = environment.get("CUTOVER_LOAD_DIRECTORY")
        self.created = Created(self.prepared, environment, Path(directory) if directory else None)
        self._cleaned: Cleaned | None = None
        self._notes: dict[str, str] = {}
        self._tally = Tally()
        self._faults: list[str] = []
        self._lost: list[str] = []
        self._clock = RunClock()
        self.under_load = False
        self.steps: list[Step] = []
        self.ended_itself = False

    @property
    def elapsed(self) -> float:
        """Seconds under load so far."""
        return self._clock.elapsed

    @property
    def side(self) -> str:
        """The side under load at this moment."""
        return self.place("").side

    def place(self, route: str, due: float | None = None) -> Place:
        """Where a call of this route that starts now, or was due then, is counted; its side is where it goes."""
        number = number_at(self.elapsed if due is None else due, self.plan.slice_length)
        return Place(number, side_of(number, self.plan.sides), route)

    def session(self, number: int = 0) -> Session:
        """The session of the account of this number, which many users share."""
        return self.sessions.one(number)

    def address(self, ready: Ready, side: str) -> str:
        """The full URL of a call on one side."""
        base = GATEWAY if side == GATEWAY else ready.route.service
        return self.prepared.bases[base] + ready.at(side).target

    def begin(self) -> None:
        """Start to count from zero; a follower's clock is its master's."""
        self._tally, self._lost, self.under_load = Tally(), [], True
        self.steps, self.ended_itself = [], False
        self._notes, self._cleaned = {}, None
        if not self._follows:
            # The run time is counted from here on by locust as well, whatever the platform takes to create a key.
            self._clock.begin()
            trouble = self.created.make_key(self.session())
            if trouble:
                self.fault(trouble)

    def end(self) -> None:
        """The load ends: the time under load stands still, answers still under way are counted."""
        self.under_load = False
        self._clock.end()

    def follow(self, elapsed: float, *, anew: bool) -> None:
        """Keep the master's time: `elapsed` is what it told just now, `anew` that the load begins."""
        self._clock.follow(elapsed, anew=anew)

    def count(
        self, place: Place, milliseconds: float, error: str, timings: Mapping[str, float] | None = None
    ) -> None:
        """Count one answer; an empty `error` is a success, `timings` are further milliseconds by name."""
        kept = (place.route, place.slice) if self.plan.detailed else ()
        second = Second(int(self.elapsed), place.side, *kept)
        self._tally.count(place, milliseconds, error, timings, second)

    def add(self, tally: Tally) -> None:
        """Add what a worker counted."""
        self._tally.merge(tally)

    def take(self) -> tuple[Tally, list[str], dict[str, str]]:
        """What was counted, what failed and what was skipped since the last time, for the master to add up."""
        taken = self._tally, self._faults, self._notes
        self._tally, self._faults, self._notes = Tally(), [], {}
        return taken

    def skip(self, route: str, reason: str) -> None:
        """Keep that a route is not called, and why; said once in the result."""
        self._notes.setdefault(route, reason)

    def clean(self) -> None:
        """Delete what the run created; what is left behind fails it."""
        self._cleaned = self.created.clean(self.sessions.all())

    def lose(self, text: str) -> None:
        """Keep what was lost of the run, such as a worker; such a run is judged as failed."""
        self._lost.append(text)

    def fault(self, text: str) -> None:
        """Keep what went wrong in the persona itself, each text once; such a run proves nothing."""
        if text not in self._faults and len(self._faults) < _FAULTS:
            self._faults.append(text)

    def sides(self) -> dict[str, SideFigures]:
        """The figures so far, all slices together."""
        return self._tally.sides(seconds_each(self.elapsed, self.plan.sides, self.plan.slice_length))

    def series(self) -> Series:
        """The slices so far."""
        return Series(self._tally, self.plan.sides, self.plan.slice_length, self.elapsed)

    def progress(self, users: int) -> dict[str, Any]:
        """The document of `loadtests.process.Progress`."""
        elapsed, histogram = self.elapsed, self._tally.histogram
        return {
            "elapsed": elapsed,
            "users": users,
            "requests": histogram.total,
            "failures": self._tally.failures,
            "rps": histogram.total / elapsed if elapsed else 0.0,
            "p95_ms": histogram.quantile(0.95),
            "side": self.side,
        }

    def write_progress(self, directory: Path, users: int) -> None:
        """Put the progress document into the directory, whole at every moment."""
        _write(directory / PROGRESS, self.progress(users))

    def write_tally(self, directory: Path) -> None:
        """Put the whole tally into the directory, with `elapsed` and `slice` in seconds, and what went wrong.

        `faults` are the persona's own failures, `lost` what the load lost on its way, such as a worker, `steps`
        those of a search for the knee; `ended_itself` says that the course of the load came to its end. `cleaned` is
        null until that was done.
        """
        document = {
            "elapsed": self.elapsed,
            "slice": self.plan.slice_length,
            "tally": self._tally.to_json(),
            "faults": self._faults,
            "lost": self._lost,
            "steps": [step.to_json() for step in self.steps],
            "ended_itself": self.ended_itself,
            "notes": [f"{route}: {reason}" for route, reason in self._notes.items()],
            "cleaned": self._cleaned and asdict(self._cleaned),
        }
        _write(directory / TALLY, document)


def nothing(length: float) -> dict[str, Any]:
    """The document of `Run.write_tally` for a load that never began; `length` is a slice's seconds."""
    lists: dict[str, Any] = {name: [] for name in ("tally", "faults", "lost", "steps", "notes")}
    return {"elapsed": 0.0, "slice": length, "ended_itself": False, "cleaned": None, **lists}


def _write(path: Path, document: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(document))
    draft.replace(path)
