"""What was served, told the more coarsely the longer ago: by minute, hour, day, and in the end by what the flag said.

No row crosses a change of its route's flag, and each keeps its first and its last minute. So what was served since a
stage began, when anybody was last served, and since when there is anything are what they were.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

_HOUR, _DAY = 60, 1_440
"""Minutes."""
BY_HOUR, BY_DAY = 2 * _DAY, 90 * _DAY
"""Minutes for which hours, and then days, are told apart."""

_READ = "SELECT route, side, minute, ended FROM served WHERE ended <= ? ORDER BY route, side, minute"
_CHANGES = "SELECT DISTINCT route, at FROM flag_history ORDER BY route, at"
_MERGE = """
UPDATE served SET (requests, errors, fallbacks, seconds, ended) = (SELECT sum(requests), sum(errors), sum(fallbacks),
  sum(seconds), max(ended) FROM served s WHERE s.route = ? AND s.side = ? AND s.minute BETWEEN ? AND ?)
WHERE route = ? AND side = ? AND minute = ?
"""
_DROP = "DELETE FROM served WHERE route = ? AND side = ? AND minute > ? AND minute <= ?"
_ROLLED = "SELECT value FROM meta WHERE key = 'served rolled up'"
_SAY_ROLLED = """
INSERT INTO meta VALUES ('served rolled up', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


@dataclass(slots=True)
class _Run:
    """Rows of one route and side, from one minute to another, that become one."""

    route: str
    side: str
    first: int
    last: int
    cell: tuple[str, int, int]
    rows: int = 1


def thin_hourly(connection: sqlite3.Connection, minute: int) -> None:
    """Roll up when `minute` (since the epoch) lies in another hour than when it was last done; in a transaction."""
    hour = str(minute // _HOUR)
    done = connection.execute(_ROLLED).fetchone()
    if done is None or done[0] != hour:
        thin(connection, minute)
        connection.execute(_SAY_ROLLED, [hour])


def thin(connection: sqlite3.Connection, minute: int) -> None:
    """Make one row of those that `minute` (since the epoch) no longer tells apart; inside a transaction."""
    for run in [found for found in _runs(connection, minute) if found.rows > 1]:
        place = [run.route, run.side]
        connection.execute(_MERGE, [*place, run.first, run.last, *place, run.first])
        connection.execute(_DROP, [*place, run.first, run.last])


def cell(minute: int, now: int) -> tuple[str, int]:
    """The stretch of time to which a minute belongs as seen from `now`."""
    if minute // _HOUR >= now // _HOUR - 1:
        return "minute", minute
    if minute >= now - BY_HOUR:
        return "hour", minute // _HOUR
    return ("day", minute // _DAY) if minute >= now - BY_DAY else ("ever", 0)


def _runs(connection: sqlite3.Connection, now: int) -> Iterator[_Run]:
    changes = _changes(connection)
    run: _Run | None = None
    for row in connection.execute(_READ, [(now // _HOUR - 1) * _HOUR]):
        # As many changes as lie before the end of its last minute: that is how a stage's beginning is compared.
        era = bisect_left(changes.get(row["route"], []), row["ended"] * 60)
        here = (*cell(row["minute"], now), era)
        if run and (run.route, run.side, run.cell) == (row["route"], row["side"], here):
            run.last, run.rows = row["minute"], run.rows + 1
            continue
        if run:
            yield run
        run = _Run(row["route"], row["side"], row["minute"], row["minute"], here)
    if run:
        yield run


def _changes(connection: sqlite3.Connection) -> Mapping[str, list[float]]:
    changes: dict[str, list[float]] = {}
    for row in connection.execute(_CHANGES):
        changes.setdefault(row["route"], []).append(row["at"])
    return changes
