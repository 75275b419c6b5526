"""Flags in SQLite: compare-and-set, history, and which processes have taken a revision over."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from gateway.core.errors import RefusedError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag, FlagSnapshot
from gateway.store.database import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

ALIVE = 5.0
"""Seconds after which a process that was not seen counts as gone."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running gateway or shadow, the revision it applies, and when it applied it."""

    id: str
    kind: str
    pid: int
    host: str
    address: str
    started: float
    seen: float
    revision: int
    applied: float


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One recorded change: the flag as it became and the stage before."""

    flag: Flag
    before: str


class FlagStore:
    """Reads and changes flags over one store connection."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._db = connection
        self._clock = clock

    def snapshot(self) -> FlagSnapshot:
        """All flags at one consistent revision."""
        self._db.execute("BEGIN")
        try:
            meta = dict(self._db.execute("SELECT key, value FROM meta").fetchall())
            rows = self._db.execute("SELECT * FROM flags").fetchall()
        finally:
            self._db.execute("COMMIT")
        flags = {row["route"]: _flag(row) for row in rows}
        return FlagSnapshot(int(meta["revision"]), meta["salt"], flags)

    def change(self, flags: Iterable[Flag], *, expected: FlagSnapshot) -> FlagSnapshot:
        """Store these flags as one new revision, if none of them moved since `expected`.

        Raises:
            RefusedError: another change to one of these routes came first; nothing was stored.
        """
        with transaction(self._db):
            revision = int(self._db.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()[0]) + 1
            now = self._clock()
            for flag in flags:
                row = self._db.execute("SELECT * FROM flags WHERE route = ?", [flag.route]).fetchone()
                current = _flag(row) if row else Flag(flag.route)
                if current.revision != expected.flag(flag.route).revision:
                    raise RefusedError(
                        f"{flag.route} was changed meanwhile by {current.by} to {current.stage}"
                        f" ({current.reason}); look at `cutover routes {flag.route}` and try again"
                    )
                left = current.left_shadow or flag.stage.rank >= Stage.CANARY.rank
                self._write(replace(flag, revision=revision, at=now, left_shadow=left), current)
            self._db.execute("UPDATE meta SET value = ? WHERE key = 'revision'", [str(revision)])
        return self.snapshot()

    def history(self, route: str | None = None, limit: int | None = 200) -> list[HistoryEntry]:
        """Recorded changes of a route, or of those that a glob names, newest first; None for all of them."""
        rows = self._db.execute("SELECT * FROM flag_history ORDER BY revision DESC, route")
        named = (row for row in rows if route is None or fnmatchcase(row["route"], route))
        return [HistoryEntry(_flag(row), row["before"]) for row in islice(named, limit)]

    def announce(self, process: Process) -> None:
        """Record that a process is alive and which revision it applies."""
        self._db.execute(
            "INSERT INTO processes (id, kind, pid, host, address, started, seen, revision, applied)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " seen = excluded.seen, revision = excluded.revision, applied = excluded.applied",
            [
                process.id,
                process.kind,
                process.pid,
                process.host,
                process.address,
                process.started,
                process.seen,
                process.revision,
                process.applied,
            ],
        )

    def withdraw(self, process_id: str) -> None:
        """Forget a process that stops."""
        self._db.execute("DELETE FROM processes WHERE id = ?", [process_id])

    def processes(self) -> list[Process]:
        """Processes seen within the last `ALIVE` seconds."""
        rows = self._db.execute(
            "SELECT * FROM processes WHERE seen > ? ORDER BY kind, started", [self._clock() - ALIVE]
        )
        return [Process(**dict(row)) for row in rows]

    def _write(self, flag: Flag, before: Flag) -> None:
        values = [
            flag.route,
            flag.stage,
            flag.percent,
            json.dumps(flag.named),
            flag.left_shadow,
            flag.revision,
            flag.by,
            flag.at,
            flag.reason,
            flag.sunset,
            flag.forced,
        ]
        self._db.execute("DELETE FROM flags WHERE route = ?", [flag.route])
        self._db.execute(
            "INSERT INTO flags (route, stage, percent, named, left_shadow, revision, by, at, reason, sunset, forced)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        self._db.execute(
            "INSERT INTO flag_history (route, stage, percent, named, left_shadow, revision, by, at, reason, sunset,"
            " forced, before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [*values, _describe(before)],
        )


def _describe(flag: Flag) -> str:
    return f"{flag.stage} {flag.percent:g} %" if flag.stage is Stage.CANARY else str(flag.stage)


def _flag(row: sqlite3.Row) -> Flag:
    return Flag(
        route=row["route"],
        stage=Stage(row["stage"]),
        percent=row["percent"],
        named=tuple(json.loads(row["named"])),
        left_shadow=bool(row["left_shadow"]),
        revision=row["revision"],
        by=row["by"],
        at=row["at"],
        reason=row["reason"],
        sunset=row["sunset"],
        forced=bool(row["forced"]),
    )
