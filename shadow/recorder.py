"""What the worker writes: kept in memory until the store takes it, so that a store that is away loses nothing."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.answer_shape import Answers
from gateway.core.errors import CutoverError
from gateway.store.answer_shapes import known_answers, learn_answers
from gateway.store.counts import Refusal, Served, count_refusal, count_served, put_buckets
from gateway.store.database import open_store, transaction
from gateway.store.noise import learn, learned
from gateway.store.observations import append, rules
from gateway.store.pace import ServicePace, put_paces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.core.observation import Observation, Rule
    from gateway.store.noise import Lesson
    from shadow.buckets import Ledger
    from shadow.copying import Done
    from shadow.noise import Learned

_ELSEWHERE = 5.0
"""Seconds after which is read anew what another shadow on this store may have learned."""
_SAID_AGAIN = 15.0
"""Seconds after which it is said again how fast services are copied, though nothing has changed."""
_KEPT = 10_000
"""Observations held while the store is away; beyond it the oldest go."""


@dataclass
class Batch:
    """What waits to be written; each part is emptied once it is stored, so that a retry repeats nothing."""

    observations: list[Observation] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    served: list[Served] = field(default_factory=list)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    lessons: list[Lesson] = field(default_factory=list)
    paces: list[ServicePace] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)


class Recorder:
    """Collects in the event loop's thread; `write` may run in another. `lost` counts what had to be given up."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._batch = Batch()
        self.rules: Mapping[str, Rule] = {}
        self.noise: Learned = {}
        self.answers = Answers()
        self._stale = 0.0
        self._told = 0.0
        self._shares: dict[str, float] = {}
        self.lost = 0

    def done(self, done: Done) -> None:
        """Keep what came of a copy."""
        if done.observation:
            self.observed(done.observation)
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
        self._batch.refusals.append(refusal)

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

    def served(self, entries: list[Served]) -> None:
        """Keep what was served."""
        self._batch.served.extend(entries)

    def take(self) -> Batch:
        """What is kept; from now on it is the caller's to write or to put back."""
        taken, self._batch = self._batch, Batch()
        return taken

    def put_back(self, batch: Batch) -> None:
        """Keep what was not written, in front of what came meanwhile."""
        later = self._batch
        self._batch = Batch(
            batch.observations + later.observations,
            batch.refusals + later.refusals,
            batch.served + later.served,
            batch.ledgers | later.ledgers,
            (batch.lessons + later.lessons)[-_KEPT:],
            later.paces or batch.paces,
            batch.answers + later.answers,
        )
        self._bound()

    def write(self, batch: Batch) -> bool:
        """Store a batch, read reviewed rules and what is known of noise; False when the store did not take it all."""
        try:
            if self._connection is None:
                self._connection = open_store(self._path)
            taught = bool(batch.lessons or batch.answers.shapes)
            _store(self._connection, batch)
            self.rules = rules(self._connection)
            if taught or time.monotonic() >= self._stale:
                self.noise, self.answers = learned(self._connection), known_answers(self._connection)
                self._stale = time.monotonic() + _ELSEWHERE
        except (sqlite3.Error, CutoverError, OSError):
            self.close()
            return False
        return True

    def close(self) -> None:
        """Let the store go."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _bound(self) -> None:
        surplus = len(self._batch.observations) - _KEPT
        if surplus > 0:
            del self._batch.observations[:surplus]
            self.lost += surplus


def _store(connection: sqlite3.Connection, batch: Batch) -> None:
    for source, ledger in batch.ledgers.items():
        put_buckets(connection, source, ledger.counts)
    batch.ledgers = {}
    if batch.observations:
        append(connection, batch.observations)
        batch.observations = []
    if batch.refusals:
        with transaction(connection):
            for refusal in batch.refusals:
                count_refusal(
                    connection,
                    route=refusal.route,
                    subject=refusal.subject,
                    status=refusal.status,
                    reason=refusal.reason,
                    at=refusal.last_seen,
                )
        batch.refusals = []
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
        count_served(connection, batch.served)
        batch.served = []
