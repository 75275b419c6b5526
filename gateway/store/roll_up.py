"""The step from a store that kept every observation to one that counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store import rows
from gateway.store.observations import record

if TYPE_CHECKING:
    import sqlite3

_PAGE = 1_000


def set_aside(connection: sqlite3.Connection) -> None:
    """Make room for the new tables; what is there waits under another name."""
    connection.execute("ALTER TABLE observations RENAME TO observations_before")
    connection.execute("DROP INDEX observations_by_route")
    connection.execute("DROP TABLE signatures")
    connection.execute("CREATE INDEX observations_before_by_time ON observations_before (at, id)")


def roll_up(connection: sqlite3.Connection) -> None:
    """Record again what was set aside, oldest first, then drop it."""
    at, identity = float("-inf"), ""
    while True:
        found = connection.execute(
            "SELECT * FROM observations_before WHERE at > ? OR (at = ? AND id > ?) ORDER BY at, id LIMIT ?",
            [at, at, identity, _PAGE],
        ).fetchall()
        if not found:
            break
        record(connection, [rows.observation(row) for row in found])
        at, identity = found[-1]["at"], found[-1]["id"]
    connection.execute("DROP TABLE observations_before")
