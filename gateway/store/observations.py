"""Observations and signatures in the store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gateway.core.observation import Difference, DifferenceKind, Observation, Rule, Verdict
from gateway.store.database import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_COLUMNS = (
    "id, route, at, verdict, mode, source, digest, subject, shape, legacy_status, gateway_status, legacy_seconds,"
    " gateway_seconds, refused, differences, legacy, gateway, note"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """Differences of one shape, counted. `by` names what explains it; empty means it waits for review."""

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


def append(connection: sqlite3.Connection, observations: Iterable[Observation]) -> None:
    """Store observations and count their signatures, all at once; an id that is there already is left alone."""
    with transaction(connection):
        for observation in observations:
            added = connection.execute(
                f"INSERT OR IGNORE INTO observations ({_COLUMNS})"  # noqa: S608 - column names only
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _row(observation),
            ).rowcount
            if added:
                for difference in observation.differences:
                    _count(connection, observation, difference)


def query(
    connection: sqlite3.Connection,
    *,
    route: str | None = None,
    verdict: Verdict | None = None,
    limit: int | None = None,
) -> list[Observation]:
    """Observations, newest first."""
    where = [f"{name} = ?" for name, value in (("route", route), ("verdict", verdict)) if value is not None]
    values: list[Any] = [value for value in (route, verdict) if value is not None]
    text = f"SELECT {_COLUMNS} FROM observations"  # noqa: S608 - column names only
    if where:
        text += " WHERE " + " AND ".join(where)
    rows = connection.execute(text + " ORDER BY at DESC, id LIMIT ?", [*values, -1 if limit is None else limit])
    return [_observation(row) for row in rows]


def find(connection: sqlite3.Connection, observation_id: str) -> Observation | None:
    """The observation with this id."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM observations WHERE id = ?",  # noqa: S608 - column names only
        [observation_id],
    ).fetchone()
    return _observation(row) if row else None


def subjects(connection: sqlite3.Connection, route: str) -> set[str]:
    """The subjects seen on a route."""
    rows = connection.execute("SELECT DISTINCT subject FROM observations WHERE route = ? AND subject != ''", [route])
    return {row[0] for row in rows}


def signatures(connection: sqlite3.Connection, route: str | None = None) -> list[Signature]:
    """Signatures, heaviest first."""
    where, values = ("WHERE route = ?", [route]) if route else ("", [])
    rows = connection.execute(
        f"SELECT * FROM signatures {where} ORDER BY count DESC, signature",  # noqa: S608 - no input in it
        values,
    )
    return [Signature(**dict(row)) for row in rows]


def put_rule(connection: sqlite3.Connection, rule: Rule) -> None:
    """Store a decision on a signature, replacing an earlier one."""
    connection.execute(
        "INSERT OR REPLACE INTO rules VALUES (?, ?, ?, ?, ?, ?)",
        [rule.signature, rule.decision, rule.owner, rule.reason, rule.created, rule.expires],
    )


def rules(connection: sqlite3.Connection) -> dict[str, Rule]:
    """Every decision by signature, expired ones too."""
    return {row["signature"]: Rule(**dict(row)) for row in connection.execute("SELECT * FROM rules")}


def _count(connection: sqlite3.Connection, observation: Observation, difference: Difference) -> None:
    connection.execute(
        "INSERT INTO signatures VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?)"
        " ON CONFLICT (signature) DO UPDATE SET count = count + 1, last_seen = max(last_seen, excluded.last_seen),"
        " sample = excluded.sample, by = CASE WHEN excluded.by = '' THEN '' ELSE by END",
        [
            difference.signature(observation.route),
            observation.route,
            difference.location,
            difference.pattern,
            difference.kind,
            observation.at,
            observation.at,
            observation.id,
            difference.by,
        ],
    )


def _row(observation: Observation) -> list[Any]:
    return [
        observation.id,
        observation.route,
        observation.at,
        observation.verdict,
        observation.mode,
        observation.source,
        observation.digest,
        observation.subject,
        observation.shape,
        observation.legacy_status,
        observation.gateway_status,
        observation.legacy_seconds,
        observation.gateway_seconds,
        observation.refused,
        json.dumps([asdict(difference) for difference in observation.differences]),
        json.dumps(observation.legacy),
        json.dumps(observation.gateway),
        observation.note,
    ]


def _observation(row: sqlite3.Row) -> Observation:
    values = dict(row)
    values["verdict"] = Verdict(values["verdict"])
    values["differences"] = tuple(
        Difference(**{**item, "kind": DifferenceKind(item["kind"])}) for item in json.loads(values["differences"])
    )
    values["legacy"] = json.loads(values["legacy"])
    values["gateway"] = json.loads(values["gateway"])
    return Observation(**values)
