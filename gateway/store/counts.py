"""Counters in the store: buckets, policy shadow, who served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.dialect import transaction
from gateway.store.thinning import thin_hourly

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

BucketKey = tuple[str, str, str]
"""Route id (empty when none matched), bucket, reason (empty for none)."""


SUBJECTS = 1_000
"""Subjects who would be refused on one route for one reason that are told apart: anybody can invent some."""
FURTHER_SUBJECTS = "(further subjects)"
"""As whom those beyond are counted."""
_KNOWN = "SELECT 1 FROM policy_shadow WHERE route = ? AND status = ? AND reason = ? AND subject = ?"
_SUBJECTS = "SELECT count(*) FROM policy_shadow WHERE route = ? AND status = ? AND reason = ?"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A subject that the gateway's own policy would refuse: status, reason, how often, when."""

    route: str
    subject: str
    status: int
    reason: str
    count: int
    first_seen: float
    last_seen: float


@dataclass(frozen=True, slots=True)
class Served:
    """What one side served of one route from one minute on until another; `seconds` is the sum of latencies.

    Minutes count from the epoch. `ended` is the one after the last; where it is not given, `minute` stands alone.
    """

    route: str
    side: str
    minute: int
    requests: int
    errors: int
    fallbacks: int
    seconds: float
    ended: int = 0

    def __post_init__(self) -> None:
        if not self.ended:
            object.__setattr__(self, "ended", self.minute + 1)


def put_buckets(connection: sqlite3.Connection, source: str, counts: Mapping[BucketKey, int]) -> None:
    """Replace the counts of one source (a shadow process or a replay) as a whole, so that they stay consistent."""
    with transaction(connection):
        connection.execute("DELETE FROM buckets WHERE source = ?", [source])
        connection.executemany(
            "INSERT INTO buckets VALUES (?, ?, ?, ?, ?)",
            [[source, *key, count] for key, count in counts.items()],
        )


def buckets(connection: sqlite3.Connection) -> dict[BucketKey, int]:
    """Counts over all sources."""
    rows = connection.execute("SELECT route, bucket, reason, sum(count) FROM buckets GROUP BY route, bucket, reason")
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def count_refusal(
    connection: sqlite3.Connection, *, route: str, subject: str, status: int, reason: str, at: float
) -> None:
    """Count one would-be refusal."""
    add_refusals(connection, [Refusal(route, subject, status, reason, 1, at, at)])


def add_refusals(connection: sqlite3.Connection, entries: Iterable[Refusal]) -> None:
    """Add to the would-be refusals, all at once; subjects beyond `SUBJECTS` of one reason count together."""
    with transaction(connection):
        connection.executemany(
            "INSERT INTO policy_shadow VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (route, subject, status, reason)"
            " DO UPDATE SET count = policy_shadow.count + excluded.count, first_seen ="
            " CASE WHEN excluded.first_seen < policy_shadow.first_seen THEN excluded.first_seen"
            " ELSE policy_shadow.first_seen END, last_seen ="
            " CASE WHEN excluded.last_seen > policy_shadow.last_seen THEN excluded.last_seen"
            " ELSE policy_shadow.last_seen END",
            [
                [e.route, subject, e.status, e.reason, e.count, e.first_seen, e.last_seen]
                for e, subject in _told_apart(connection, entries)
            ],
        )


def _told_apart(connection: sqlite3.Connection, entries: Iterable[Refusal]) -> Iterator[tuple[Refusal, str]]:
    room: dict[tuple[str, int, str], int] = {}
    for entry in list(entries):
        kind = (entry.route, entry.status, entry.reason)
        known = connection.execute(_KNOWN, [*kind, entry.subject]).fetchone()
        if not known and kind not in room:
            room[kind] = SUBJECTS - connection.execute(_SUBJECTS, kind).fetchone()[0]
        if not known:
            room[kind] -= 1
        yield entry, entry.subject if known or room[kind] >= 0 else FURTHER_SUBJECTS


def refusals(connection: sqlite3.Connection, route: str | None = None) -> list[Refusal]:
    """Would-be refusals, most frequent first."""
    where, values = ("WHERE route = ?", [route]) if route else ("", [])
    rows = connection.execute(
        f"SELECT * FROM policy_shadow {where} ORDER BY count DESC, route, subject",  # noqa: S608 - no input in it
        values,
    )
    return [Refusal(**dict(row)) for row in rows]


def count_served(connection: sqlite3.Connection, entries: Iterable[Served]) -> None:
    """Add to what was served; once an hour, what is older is told more coarsely."""
    each = list(entries)
    with transaction(connection):
        connection.executemany(
            "INSERT INTO served (route, side, minute, requests, errors, fallbacks, seconds, ended)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (route, side, minute) DO UPDATE SET"
            " requests = served.requests + excluded.requests, errors = served.errors + excluded.errors,"
            " fallbacks = served.fallbacks + excluded.fallbacks, seconds = served.seconds + excluded.seconds",
            [[e.route, e.side, e.minute, e.requests, e.errors, e.fallbacks, e.seconds, e.ended] for e in each],
        )
        if each:
            thin_hourly(connection, max(entry.minute for entry in each))


def served(connection: sqlite3.Connection, route: str | None = None, since_minute: int = 0) -> list[Served]:
    """What was served until after a minute, oldest first."""
    where, values = (" AND route = ?", [route]) if route else ("", [])
    rows = connection.execute(
        f"SELECT * FROM served WHERE ended > ?{where} ORDER BY minute, route, side",  # noqa: S608 - no input in it
        [since_minute, *values],
    )
    return [Served(**dict(row)) for row in rows]
