"""The audit trail and the results of load tests, drills and probes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, when and why."""

    at: float
    by: str
    action: str
    subject: str
    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """A judged run: `kind` is loadtest, probe or drill; `body` is its JSON document."""

    id: str
    kind: str
    at: float
    passed: bool
    body: dict[str, Any]


def record(connection: sqlite3.Connection, entry: AuditEntry) -> None:
    """Append to the audit trail."""
    connection.execute(
        "INSERT INTO audit (at, by, action, subject, reason, detail) VALUES (?, ?, ?, ?, ?, ?)",
        [entry.at, entry.by, entry.action, entry.subject, entry.reason, json.dumps(entry.detail)],
    )


def trail(connection: sqlite3.Connection, limit: int = 200) -> list[AuditEntry]:
    """The audit trail, newest first."""
    rows = connection.execute(
        "SELECT at, by, action, subject, reason, detail FROM audit ORDER BY id DESC LIMIT ?", [limit]
    )
    return [AuditEntry(**{**dict(row), "detail": json.loads(row["detail"])}) for row in rows]


def put_result(connection: sqlite3.Connection, result: Result) -> None:
    """Store a judged run."""
    connection.execute(
        "INSERT INTO results (id, kind, at, passed, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " kind = excluded.kind, at = excluded.at, passed = excluded.passed, body = excluded.body",
        [result.id, result.kind, result.at, result.passed, json.dumps(result.body)],
    )


def results(connection: sqlite3.Connection, kind: str | None = None) -> list[Result]:
    """Judged runs, newest first."""
    where, values = ("WHERE kind = ?", [kind]) if kind else ("", [])
    rows = connection.execute(
        f"SELECT * FROM results {where} ORDER BY at DESC",  # noqa: S608 - no input in it
        values,
    )
    return [Result(row["id"], row["kind"], row["at"], bool(row["passed"]), json.loads(row["body"])) for row in rows]
