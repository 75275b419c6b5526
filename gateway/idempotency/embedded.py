"""The ledger in the store: one thread with its own connection, so that the event loop waits for no disk."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from gateway.core.errors import CutoverError
from gateway.idempotency.claim import Entry, Found, State, writable
from gateway.idempotency.ledger import Away
from gateway.store.database import open_store, transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.core.idempotency import Idempotency

PATIENCE = 0.5
"""Seconds to wait for another process's write, and for this ledger's own turn."""
BYTES = 256 * 1024 * 1024
"""Bytes of answers that are kept at once; beyond them the oldest are forgotten, but not that they were given."""
ROWS = 1_000_000
"""Keys that are kept at once; beyond them no new one is taken."""
_WAITING = 256
_PURGE = 60.0
_AT_ONCE = 500
_ENTER = """
INSERT INTO idempotency VALUES (:slot, :owner, :state, :head, :body, :holder, :answer, :leased, :expires)
ON CONFLICT (slot) DO UPDATE SET owner = :owner, state = :state, head = :head, body = :body, holder = :holder,
  answer = :answer, leased = :leased, expires = :expires
"""
_DROP = "DELETE FROM idempotency WHERE slot = ? AND owner = ?"
_FORGET = """
UPDATE idempotency SET answer = x'' WHERE slot IN (
  SELECT slot FROM (SELECT slot, sum(length(answer)) OVER (ORDER BY expires DESC, slot) AS held FROM idempotency)
  WHERE held > ?)
"""


class EmbeddedLedger:
    """A `Ledger` in the store at `path`, opened with the first call and again when the file was replaced."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "idempotency")
        self._waiting = 0
        self._closed = False
        self._connection: sqlite3.Connection | None = None
        self._file = 0
        self._purged = 0.0
        self._rows = self._bytes = 0

    async def claim(self, slot: str, entry: Entry, terms: Idempotency) -> Found | None:
        """See Ledger."""
        return await self._run(lambda connection: self._claim(connection, slot, entry, terms))

    async def find(self, slot: str) -> Found | None:
        """See Ledger."""
        return await self._run(lambda connection: self._find(connection, slot))

    async def put(self, slot: str, entry: Entry, terms: Idempotency) -> bool:
        """See Ledger."""
        return await self._run(lambda connection: self._put(connection, slot, entry, terms))

    async def drop(self, slot: str, owner: str) -> None:
        """See Ledger."""
        await self._run(
            lambda connection: connection.execute(
                "DELETE FROM idempotency WHERE slot = ? AND owner = ?", [slot, owner]
            )
        )

    async def close(self) -> None:
        """See Ledger."""
        if not self._closed:
            self._closed = True
            self._thread.submit(self._forget)
            await asyncio.to_thread(self._thread.shutdown)

    async def _run[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed or self._waiting >= _WAITING:
            raise Away("too many wait for the store")
        self._waiting += 1
        try:
            async with asyncio.timeout(2 * PATIENCE):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._with_store, work)
        except TimeoutError:
            raise Away("the store does not answer in time") from None
        finally:
            self._waiting -= 1

    def _with_store[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._opened())
        except (sqlite3.Error, CutoverError, OSError) as error:
            self._forget()
            raise Away(str(error)) from None

    def _opened(self) -> sqlite3.Connection:
        # A store that was removed or replaced would go on taking claims that nobody else sees.
        file = self._path.stat().st_ino
        if self._connection is not None and file != self._file:
            self._forget()
        if self._connection is None:
            self._connection = open_store(self._path, create=False, patience=PATIENCE)
            self._file = file
        return self._connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _claim(self, connection: sqlite3.Connection, slot: str, entry: Entry, terms: Idempotency) -> Found | None:
        now = self._clock()
        with transaction(connection):
            self._purge(connection, now)
            row = self._row(connection, slot, now)
            if row is None:
                self._enter(connection, slot, entry, terms, now)
                return None
        return _found(row, now)

    def _find(self, connection: sqlite3.Connection, slot: str) -> Found | None:
        now = self._clock()
        row = self._row(connection, slot, now)
        return None if row is None else _found(row, now)

    def _put(self, connection: sqlite3.Connection, slot: str, entry: Entry, terms: Idempotency) -> bool:
        now = self._clock()
        with transaction(connection):
            row = self._row(connection, slot, now)
            if not writable(None if row is None else _entry(row), entry.owner):
                return False
            self._enter(connection, slot, entry, terms, now)
        return True

    def _row(self, connection: sqlite3.Connection, slot: str, now: float) -> sqlite3.Row | None:
        found: sqlite3.Row | None = connection.execute(
            "SELECT * FROM idempotency WHERE slot = ? AND expires > ?", [slot, now]
        ).fetchone()
        return found

    def _enter(self, connection: sqlite3.Connection, slot: str, entry: Entry, terms: Idempotency, now: float) -> None:
        if self._rows >= ROWS:
            raise Away("the ledger is full")
        self._rows += 1
        self._bytes += len(entry.answer)
        connection.execute(_ENTER, _values(slot, entry, terms, now))

    def _purge(self, connection: sqlite3.Connection, now: float) -> None:
        if abs(now - self._purged) < _PURGE and self._bytes <= BYTES:
            return
        self._purged = now
        connection.execute(
            "DELETE FROM idempotency WHERE slot IN (SELECT slot FROM idempotency WHERE expires <= ? LIMIT ?)",
            [now, _AT_ONCE],
        )
        connection.execute(_FORGET, [BYTES // 2])
        self._rows, self._bytes = connection.execute(
            "SELECT count(*), coalesce(sum(length(answer)), 0) FROM idempotency"
        ).fetchone()


def _values(slot: str, entry: Entry, terms: Idempotency, now: float) -> dict[str, str | bytes | float]:
    return {
        "slot": slot,
        "owner": entry.owner,
        "state": entry.state,
        "head": entry.head,
        "body": entry.body,
        "holder": entry.holder,
        "answer": entry.answer,
        "leased": now + terms.lease,
        "expires": now + terms.keep,
    }


def _found(row: sqlite3.Row, now: float) -> Found:
    return Found(_entry(row), lapsed=row["leased"] < now)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(row["owner"], row["head"], row["body"], row["holder"], State(row["state"]), row["answer"])
