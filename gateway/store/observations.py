"""Observations in the store: counted for ever, kept whole as samples; and the decisions on their signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.observation import Rule
from gateway.core.retention import USUAL
from gateway.store import pairs, rollups, rows, samples
from gateway.store.dialect import transaction
from gateway.store.known import known_of
from gateway.store.profiles import Profiles

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from gateway.core.observation import Observation
    from gateway.core.retention import Retention

REPEATED = 20_000
"""Ids, the newest, whose repetition is noticed: a writer that is not sure may write again."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Differences of one shape, counted. `by` names what explained it; empty means it waits for review."""

    signature: str
    route: str
    location: str
    pattern: str
    kind: str
    count: int
    first_seen: float
    last_seen: float
    sample: str
    by: str


def append(connection: sqlite3.Connection, observations: Iterable[Observation], retention: Retention = USUAL) -> None:
    """Count observations and keep samples of them, all at once; an id that came before is left alone."""
    with transaction(connection):
        record(connection, list(observations), retention)


def record(connection: sqlite3.Connection, observations: Sequence[Observation], retention: Retention = USUAL) -> None:
    """As `append`, inside a transaction of the caller's."""
    fresh = _fresh(connection, observations)
    profiles = Profiles(connection)
    rollups.add(connection, fresh, profiles)
    pairs.add(connection, fresh, profiles)
    samples.keep(connection, fresh, retention)


def find(connection: sqlite3.Connection, observation_id: str) -> Observation | None:
    """The sample with this id."""
    row = connection.execute(
        f"SELECT {rows.COLUMNS} FROM observations o WHERE o.id = ?",  # noqa: S608 - column names only
        [observation_id],
    ).fetchone()
    return rows.observation(row) if row else None


def subjects(connection: sqlite3.Connection, route: str) -> set[str]:
    """The subjects seen on a route."""
    found = connection.execute("SELECT DISTINCT subject FROM subjects WHERE route = ? AND subject <> ''", [route])
    return {row[0] for row in found}


def signatures(connection: sqlite3.Connection, route: str | None = None) -> list[Signature]:
    """Signatures, heaviest first."""
    where, values = ("WHERE route = ?", [route]) if route else ("", [])
    found = connection.execute(
        "SELECT signature, route, location, min(pattern) AS pattern, kind, sum(count) AS count,"  # noqa: S608 - no input
        " min(first_seen) AS first_seen, max(last_seen) AS last_seen,"
        # What lies near by meaning is marked so, and as open as what does not.
        " min(CASE WHEN by LIKE '~%' THEN '' ELSE by END) AS by"
        f" FROM sightings {where} GROUP BY signature, route, location, kind ORDER BY count DESC, signature",
        values,
    )
    return [Signature(**dict(row), sample=_newest(connection, row["signature"])) for row in found]


def put_rule(connection: sqlite3.Connection, rule: Rule) -> None:
    """Store a decision on a signature, replacing an earlier one."""
    connection.execute(
        "INSERT INTO rules (signature, decision, owner, reason, created, expires, meaning)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (signature) DO UPDATE SET decision = excluded.decision, owner = excluded.owner,"
        " reason = excluded.reason, created = excluded.created, expires = excluded.expires,"
        " meaning = excluded.meaning",
        [rule.signature, rule.decision, rule.owner, rule.reason, rule.created, rule.expires, rule.meaning],
    )


def rules(connection: sqlite3.Connection) -> dict[str, Rule]:
    """Every decision by signature, expired ones too."""
    return {row["signature"]: Rule(**dict(row)) for row in connection.execute("SELECT * FROM rules")}


def _newest(connection: sqlite3.Connection, signature: str) -> str:
    sample: str = connection.execute(
        "SELECT sample FROM sightings WHERE signature = ? ORDER BY last_seen DESC, sample LIMIT 1", [signature]
    ).fetchone()[0]
    return sample


def _fresh(connection: sqlite3.Connection, observations: Sequence[Observation]) -> list[Observation]:
    """Those whose id did not come before; from now on it has."""
    by_id: dict[str, Observation] = {}
    for one in observations:
        by_id.setdefault(one.id, one)
    known = known_of(connection, "SELECT id FROM recorded WHERE id IN ({})", list(by_id))
    fresh = [one for one in by_id.values() if one.id not in known]
    newest = connection.execute("SELECT coalesce(max(arrival), 0) FROM recorded").fetchone()[0]
    connection.executemany(
        "INSERT INTO recorded (id, arrival) VALUES (?, ?)",
        [[one.id, arrival] for arrival, one in enumerate(fresh, newest + 1)],
    )
    connection.execute("DELETE FROM recorded WHERE arrival <= ?", [newest + len(fresh) - REPEATED])
    return fresh
