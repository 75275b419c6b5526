"""What the locust process keeps: the tally, the shared session, the side under load; no locust in here."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

from loadtests.account import TOKEN, Session, sign_in
from loadtests.histogram import merged
from loadtests.plan import from_environment
from loadtests.prepare import prepare
from loadtests.results import GATEWAY, Tally
from loadtests.slices import seconds_each, side_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loadtests.pages import Ready
    from loadtests.results import SideFigures

TALLY = "tally.json"
PROGRESS = "progress.json"
_REASONS = 50
"""Distinct error texts that are kept; what comes beyond counts as `other`."""


class Run:
    """One load test inside the locust process. Raises what `prepare` and `sign_in` raise."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self.prepared = prepare(from_environment(environment), environment)
        self.plan = self.prepared.plan
        self._lock = threading.Lock()
        self._session = self._sign_in()
        self._tally = Tally()
        self._faults: list[str] = []
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds under load so far."""
        return time.monotonic() - self._started

    @property
    def side(self) -> str:
        """The side under load at this moment."""
        return side_at(self.elapsed, self.plan.sides, self.plan.slice)

    def session(self) -> Session:
        """The session every user shares; replaced by one sign-in shortly before it ends."""
        with self._lock:
            if not self._session.fresh(time.time()):
                self._session = self._sign_in()
            return self._session

    def address(self, ready: Ready, side: str) -> str:
        """The full URL of a call on one side."""
        if side == GATEWAY:
            return self.prepared.bases[GATEWAY] + ready.gateway
        return self.prepared.bases[ready.route.service] + ready.legacy

    def begin(self) -> None:
        """Start to count from zero."""
        self._tally = Tally()
        self._started = time.monotonic()

    def count(self, side: str, route: str, milliseconds: float, error: str) -> None:
        """Count one request; an empty `error` is a success."""
        self._tally.count(side, route, milliseconds, self._known(error[:120]) if error else "")

    def fault(self, text: str) -> None:
        """Keep what went wrong in the persona itself, each text once; such a run proves nothing."""
        if text not in self._faults and len(self._faults) < _REASONS:
            self._faults.append(text)

    def sides(self) -> dict[str, SideFigures]:
        """The figures so far."""
        return self._tally.sides(seconds_each(self.elapsed, self.plan.sides, self.plan.slice))

    def progress(self, users: int) -> dict[str, Any]:
        """The document of `loadtests.process.Progress`."""
        elapsed = self.elapsed
        histogram = merged(found[1] for found in self._tally.figures.values())
        return {
            "elapsed": elapsed,
            "users": users,
            "requests": histogram.total,
            "failures": sum(sum(errors.values()) for errors, _ in self._tally.figures.values()),
            "rps": histogram.total / elapsed if elapsed else 0.0,
            "p95_ms": histogram.quantile(0.95),
            "side": self.side,
        }

    def write_progress(self, directory: Path, users: int) -> None:
        """Put the progress document into the directory, whole at every moment."""
        _write(directory / PROGRESS, self.progress(users))

    def write_tally(self, directory: Path) -> None:
        """Put the figures into the directory: `{"elapsed": seconds, "sides": {side: figures}, "faults": texts}`."""
        sides = {name: side.to_json() for name, side in self.sides().items()}
        _write(directory / TALLY, {"elapsed": self.elapsed, "sides": sides, "faults": self._faults})

    def _known(self, error: str) -> str:
        seen = {reason for errors, _ in self._tally.figures.values() for reason in errors}
        return error if error in seen or len(seen) < _REASONS else "other"

    def _sign_in(self) -> Session:
        if not self.prepared.needs_account and not self._environment.get(TOKEN):
            return Session("")
        return sign_in(self._environment, self.prepared.table, self.prepared.bases, self.prepared.sign_in_side)


def _write(path: Path, document: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(document))
    draft.replace(path)
