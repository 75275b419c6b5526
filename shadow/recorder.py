"""What the worker writes: kept in memory until the store takes it, so that a store that is away loses little."""

from __future__ import annotations

import sqlite3
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers
from gateway.core.errors import CutoverError
from gateway.core.retention import USUAL
from gateway.store.answer_shapes import known_answers, learn_answers
from gateway.store.audit import AuditEntry, record
from gateway.store.counts import Refusal, Served, add_refusals, count_served, put_buckets
from gateway.store.database import open_store
from gateway.store.noise import learn, learned
from gateway.store.observations import append, rules
from gateway.store.pace import ServicePace, put_paces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from gateway.core.observation import Observation, Rule
    from gateway.core.retention import Retention
    from gateway.store.noise import Lesson
    from shadow.buckets import Ledger
    from shadow.copying import Done
    from shadow.noise import Learned

_ELSEWHERE = 5.0
"""Seconds after which is read anew what another shadow on this store may have learned."""
_SAID_AGAIN = 15.0
"""Seconds after which it is said again how fast services are copied, though nothing has changed."""
_KEPT = 10_000
"""Observations, and kinds of refusal, held while the store is away; beyond it the oldest observations go."""
_PATIENCE = 2.0
"""Seconds to wait for another writer before it is said that nothing can be recorded."""
_SAY_AGAIN = 60.0
"""Seconds after which it is said again that nothing can be recorded."""


@dataclass
class Batch:
    """What waits to be written; each part is emptied once it is stored, so that a retry repeats nothing."""

    observations: list[Observation] = field(default_factory=list)
    refusals: dict[tuple[str, str, int, str], Refusal] = field(default_factory=dict)
    served: dict[tuple[str, str, int], Served] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    lessons: list[Lesson] = field(default_factory=list)
    paces: list[ServicePace] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)


@dataclass
class Outage:
    """A time in which the store took nothing: why, since when (epoch seconds), what was given up, what was said."""

    reason: str
    since: float
    lost: int = 0
    said: float = 0.0


class Recorder:
    """Collects in the event loop's thread; `write` may run in another. `lost` counts what had to be given up.

    While the store does not take what is written (locked, away, disk full) `outage` tells so, and a line on stderr
    does. What was lost in it goes into the audit trail as soon as the store is back.
    """

    def __init__(
        self, path: Path, retention: Retention = USUAL, say: Callable[[str], object] = sys.stderr.write
    ) -> None:
        self._path = path
        self._retention = retention
        self._say = say
        self._connection: sqlite3.Connection | None = None
        self._batch = Batch()
        self.rules: Mapping[str, Rule] = {}
        self.noise: Learned = {}
        self.answers = Answers()
        self._stale = 0.0
        self._told = 0.0
        self._shares: dict[str, float] = {}
        self.lost = 0
        self.outage: Outage | None = None

    def done(self, done: Done, revision: int = 0) -> None:
        """Keep what came of a copy, made under this revision of the flags."""
        if done.observation:
            self.observed(replace(done.observation, revision=revision))
        if done.lesson:
            self.taught(done.lesson)
        if done.refusal:
            self.refused(done.refusal)
        if done.answers:
            self.shown(done.answers)

    def shown(self, answers: Answers) -> None:
        """Keep the shape of an answer of legacy to a write."""
        self._batch.answers += answers

    def observed(self, observation: Observation) -> None:
        """Keep an observation."""
        self._batch.observations.append(observation)
        self._bound()

    def refused(self, refusal: Refusal) -> None:
        """Keep one would-be refusal."""
        self._add_refusals([refusal])

    def taught(self, lesson: Lesson) -> None:
        """Keep what a second read of legacy showed."""
        self._batch.lessons.append(lesson)

    def paced(self, paces: list[ServicePace]) -> None:
        """Keep how fast services are copied, when that has changed or was not said for a while."""
        shares = {pace.service: pace.share for pace in paces}
        if paces and (shares != self._shares or paces[0].at - self._told >= _SAID_AGAIN):
            self._shares, self._told = shares, paces[0].at
            self._batch.paces = paces

    def counted(self, source: str, ledger: Ledger) -> None:
        """Keep a source's counts; a newer one replaces an older."""
        self._batch.ledgers[source] = ledger

    def served(self, entries: Iterable[Served]) -> None:
        """Keep what was served."""
        for entry in entries:
            key = (entry.route, entry.side, entry.minute)
            known = self._batch.served.get(key)
            self._batch.served[key] = _both(known, entry) if known else entry

    def take(self) -> Batch:
        """What is kept; from now on it is the caller's to write or to put back."""
        taken, self._batch = self._batch, Batch()
        return taken

    def put_back(self, batch: Batch) -> None:
        """Keep what was not written, in front of what came meanwhile."""
        later, self._batch = self._batch, batch
        batch.observations.extend(later.observations)
        batch.ledgers |= later.ledgers
        self._add_refusals(later.refusals.values())
        self.served(later.served.values())
        batch.lessons = (batch.lessons + later.lessons)[-_KEPT:]
        batch.paces = later.paces or batch.paces
        batch.answers += later.answers
        self._bound()

    def write(self, batch: Batch) -> bool:
        """Store a batch, read reviewed rules and what is known of noise; False when the store did not take it all."""
        try:
            if self._connection is None:
                self._connection = open_store(self._path, patience=_PATIENCE)
            taught = bool(batch.lessons or batch.answers.shapes)
            self._store(self._connection, batch)
            self.rules = rules(self._connection)
            if taught or time.monotonic() >= self._stale:
                self.noise, self.answers = learned(self._connection), known_answers(self._connection)
                self._stale = time.monotonic() + _ELSEWHERE
            if self.outage:
                self._recovered(self._connection, self.outage)
        except (sqlite3.Error, CutoverError, OSError) as error:
            self.close()
            self._failed(str(error), len(batch.observations))
            return False
        return True

    def close(self) -> None:
        """Let the store go."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _failed(self, reason: str, waiting: int) -> None:
        now = time.time()
        self.outage = self.outage or Outage(reason, now)
        if now - self.outage.said >= _SAY_AGAIN or reason != self.outage.reason:
            self.outage.said, self.outage.reason = now, reason
            lost = f", {self.outage.lost} were given up" if self.outage.lost else ""
            self._say(
                f"cutover shadow: cannot record: {reason}; traffic is served, {waiting} observations wait{lost}\n"
            )

    def _recovered(self, connection: sqlite3.Connection, outage: Outage) -> None:
        now = time.time()
        text = f"nothing was recorded for {now - outage.since:.0f} s ({outage.reason})"
        detail = {"since": outage.since, "lost": outage.lost}
        record(connection, AuditEntry(now, "shadow", "record", "observations", text, detail))
        self.outage = None
        self._say(f"cutover shadow: records again; {text}, {outage.lost} observations were given up\n")

    def _bound(self) -> None:
        surplus = len(self._batch.observations) - _KEPT
        if surplus > 0:
            del self._batch.observations[:surplus]
            self._gave_up(surplus)

    def _gave_up(self, count: int) -> None:
        self.lost += count
        if self.outage:
            self.outage.lost += count

    def _add_refusals(self, refusals: Iterable[Refusal]) -> None:
        kept = self._batch.refusals
        for one in refusals:
            key = (one.route, one.subject, one.status, one.reason)
            known = kept.get(key)
            if known:
                last = max(known.last_seen, one.last_seen)
                kept[key] = replace(known, count=known.count + one.count, last_seen=last)
            elif len(kept) < _KEPT:
                kept[key] = one
            else:
                self._gave_up(1)

    def _store(self, connection: sqlite3.Connection, batch: Batch) -> None:
        if batch.observations:
            append(connection, batch.observations, self._retention)
            batch.observations = []
        if batch.refusals:
            add_refusals(connection, batch.refusals.values())
            batch.refusals = {}
        if batch.paces:
            put_paces(connection, batch.paces)
            batch.paces = []
        if batch.lessons:
            learn(connection, batch.lessons)
            batch.lessons = []
        if batch.answers.shapes:
            learn_answers(connection, batch.answers, time.time())
            batch.answers = Answers()
        if batch.served:
            count_served(connection, batch.served.values())
            batch.served = {}
        # Last, so that nobody reads of a request as compared whose observation is not there yet.
        for source, ledger in batch.ledgers.items():
            put_buckets(connection, source, ledger.counts)
        batch.ledgers = {}


def _both(one: Served, other: Served) -> Served:
    return replace(
        one,
        requests=one.requests + other.requests,
        errors=one.errors + other.errors,
        fallbacks=one.fallbacks + other.fallbacks,
        seconds=one.seconds + other.seconds,
    )
