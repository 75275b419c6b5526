"""The denial audit: one JSON line on stderr for whoever was turned away, written by a thread of its own.

The request only puts a value on a bounded queue. What the queue could not take is counted, and said in a line too.
"""

from __future__ import annotations

import atexit
import json
import logging
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.record import shown

if TYPE_CHECKING:
    from typing import TextIO

    from gateway.problem import Problem
    from gateway.record import Entry

NAME = "cutover.audit"
CAPACITY = 20_000
"""Lines that wait to be written; about 10 MB."""
FLUSH = 5.0
"""Seconds that a stopping gateway waits for the last line."""
_DENIED = frozenset({401, 403})
_LONGEST = 256


class _Stderr(logging.StreamHandler["TextIO"]):
    """Writes to what `sys.stderr` is now."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error."""
        return sys.stderr


def _logger() -> logging.Logger:
    logger = logging.getLogger(NAME)
    if not logger.handlers:
        logger.addHandler(_Stderr())
        logger.setLevel(logging.INFO)
        # The lines stand alone, whatever the process logs otherwise and wherever.
        logger.propagate = False
    return logger


@dataclass(frozen=True, slots=True)
class Denial:
    """Who was turned away from what, and why; holds no query, no credential and no secret."""

    request_id: str
    method: str
    path: str
    route: str
    subject: str
    organisation: str
    client: str
    status: int
    reason: str
    failed: str = ""
    at: float = 0.0

    def line(self) -> str:
        """The JSON line."""
        document = {
            "at": round(self.at, 3),
            "event": "denied",
            "status": self.status,
            "reason": self.reason,
            "failed": self.failed,
            "route": self.route,
            "method": self.method,
            "path": self.path[:_LONGEST],
            "subject": self.subject,
            "organisation": self.organisation,
            "client": self.client,
            "request_id": self.request_id,
        }
        return json.dumps({name: value for name, value in document.items() if value != ""}, separators=(",", ":"))


def denial(entry: Entry, problem: Problem) -> Denial:
    """What is written of one request that was turned away."""
    return Denial(
        entry.request_id,
        entry.method,
        shown(entry),
        entry.route,
        entry.subject,
        entry.organisation,
        entry.client,
        problem.status,
        problem.reason,
        problem.failed,
        time.time(),
    )


def is_denial(problem: Problem) -> bool:
    """Whether an answer of the gateway's own turns somebody away: 401, 403, and a 404 that hides."""
    return problem.refusal and (problem.status in _DENIED or problem.reason == "scope")


class Audit:
    """Takes denials without waiting; the thread starts with the first one and ends with `close`."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._waiting: deque[Denial] = deque()
        self._lost = 0
        self._there = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._log = _logger()

    def note(self, entry: Entry, problem: Problem) -> None:
        """Write down that somebody was turned away, if this is what the problem says."""
        if is_denial(problem):
            self.denied(denial(entry, problem))

    def denied(self, denial: Denial) -> None:
        """Write this line soon; when too many wait, only count it."""
        if len(self._waiting) >= self._capacity:
            self._lost += 1
        else:
            self._waiting.append(denial)
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="cutover-audit", daemon=True)
            self._thread.start()
            # A process that ends without a drain still writes what was taken.
            atexit.register(self.close)
        self._there.set()

    def close(self) -> None:
        """Write what waits, within `FLUSH` seconds; later denials start another thread."""
        thread = self._thread
        if thread is not None:
            self._closing = True
            self._there.set()
            thread.join(FLUSH)
            self._thread, self._closing = None, False
            atexit.unregister(self.close)

    def _write(self) -> None:
        while not (self._closing and not self._waiting and not self._lost):
            self._there.wait()
            self._there.clear()
            while self._waiting:
                self._log.info("%s", self._waiting.popleft().line())
            if self._lost:
                lost, self._lost = self._lost, 0
                line = {"at": round(time.time(), 3), "event": "denials-not-written", "count": lost}
                self._log.info("%s", json.dumps(line, separators=(",", ":")))
            if self._closing:
                self._there.set()
