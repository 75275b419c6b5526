"""Observations counted by SQLite: one pass into a slim temporary table, then groupings of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reports.explained import signature_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from reports.explained import Explanations

_JUDGE = """
CREATE TEMP TABLE judged AS
SELECT o.route, o.digest = c.value AS current, o.subject, o.shape, o.at, o.mode, o.legacy_status / 100 AS class,
       o.legacy_seconds, o.gateway_seconds,
       CASE WHEN o.verdict IN ('mismatch', 'expected') AND o.differences <> '[]'
            THEN cutover_verdict(o.route, o.verdict, o.differences) ELSE o.verdict END AS verdict
FROM observations o JOIN json_each(?) c ON c.key = o.route
"""

_TALLY = """
SELECT route, count(*) AS pairs, count(DISTINCT subject) AS subjects, min(first) AS first, max(last) AS last,
       sum(match) AS match, sum(expected) AS expected, sum(mismatch) AS mismatch,
       sum(inconclusive) AS inconclusive, sum(failed) AS failed, sum(legacy_errors) AS legacy_errors,
       sum(mismatch > 0) AS pair_mismatch,
       sum(mismatch = 0 AND failed > 0) AS pair_failed,
       sum(mismatch = 0 AND failed = 0 AND expected > 0) AS pair_expected,
       sum(mismatch = 0 AND failed = 0 AND expected = 0 AND match > 0) AS pair_match,
       sum(mismatch = 0 AND failed = 0 AND expected = 0 AND match = 0) AS pair_inconclusive
FROM (SELECT route, subject, min(at) AS first, max(at) AS last, sum(class = 5) AS legacy_errors,
             sum(verdict = 'match') AS match, sum(verdict = 'expected') AS expected,
             sum(verdict = 'mismatch') AS mismatch, sum(verdict = 'inconclusive') AS inconclusive,
             sum(verdict = 'failed') AS failed
      FROM judged WHERE current GROUP BY route, subject, shape, CAST(at / 60 AS INTEGER))
GROUP BY route
"""

_STALE = "SELECT route, count(*) FROM judged WHERE NOT current GROUP BY route"

_SEEN = """
SELECT route, class, shape, max(current AND verdict IN ('match', 'expected')) AS proven
FROM judged WHERE class > 0 GROUP BY route, class, shape
"""

_MEDIANS = """
SELECT l.route, l.total AS pairs, l.median AS legacy, g.median AS gateway
FROM ({legacy}) l JOIN ({gateway}) g USING (route)
"""

_MEDIAN = """
SELECT route, total, avg(value) AS median FROM (
  SELECT route, {column} AS value, count(*) OVER (PARTITION BY route) AS total,
         row_number() OVER (PARTITION BY route ORDER BY {column}) AS place
  FROM judged WHERE current AND mode <> 'dry-run' AND verdict <> 'failed'
                AND legacy_seconds > 0 AND gateway_seconds > 0)
WHERE place IN ((total + 1) / 2, (total + 2) / 2) GROUP BY route
"""

_DIFFERENCES = """
SELECT route, signature, by, min(path) AS path, location, kind, count(*) AS count, count(DISTINCT id) AS observations,
       min(at) AS first, max(at) AS last, substr(max(printf('%017.6f', at) || id), 18) AS sample
FROM (SELECT o.id, o.route, o.at, d.value ->> 'location' AS location, d.value ->> 'path' AS path,
             d.value ->> 'kind' AS kind, d.value ->> 'by' AS by,
             cutover_signature(o.route, d.value ->> 'location', d.value ->> 'path', d.value ->> 'kind') AS signature
      FROM observations o JOIN json_each(?) c ON c.key = o.route AND c.value = o.digest
      JOIN json_each(o.differences) d
      WHERE o.differences <> '[]' AND o.verdict IN ('mismatch', 'expected'))
GROUP BY route, signature, by
"""

_STAGE_SINCE = """
SELECT h.route, min(h.at) FROM flag_history h JOIN flags f ON f.route = h.route AND f.stage = h.stage
WHERE h.revision > coalesce(
  (SELECT max(x.revision) FROM flag_history x WHERE x.route = h.route AND x.stage <> f.stage), -1)
GROUP BY h.route
"""

_SERVED = """
SELECT s.route, s.side, sum(s.requests) AS requests, sum(s.errors) AS errors, sum(s.fallbacks) AS fallbacks,
       sum(s.seconds) AS seconds, max(CASE WHEN s.requests > 0 THEN s.minute + 1 ELSE 0 END) * 60.0 AS last
FROM served s JOIN json_each(?) c ON c.key = s.route WHERE (s.minute + 1) * 60 > c.value
GROUP BY s.route, s.side
"""

Row = dict[str, Any]


class Judged:
    """The groupings; only valid inside `judging`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def tallies(self) -> dict[str, Row]:
        """Per route: observations and deduplicated pairs of the current digest by effective verdict.

        A pair is what one subject did with one parameter shape in one minute; its worst verdict counts.
        """
        return {row["route"]: dict(row) for row in self._db.execute(_TALLY)}

    def stale(self) -> dict[str, int]:
        """Per route: observations of another digest."""
        return dict(self._db.execute(_STALE).fetchall())

    def seen(self) -> list[Row]:
        """Each status class with parameter shape that legacy answered, and whether an agreed pair proves it."""
        return [dict(row) for row in self._db.execute(_SEEN)]

    def medians(self) -> dict[str, Row]:
        """Per route: median seconds of both sides over delivered pairs; dry runs deliver nothing."""
        sides = {side: _MEDIAN.format(column=f"{side}_seconds") for side in ("legacy", "gateway")}
        return {row["route"]: dict(row) for row in self._db.execute(_MEDIANS.format(**sides))}


@contextmanager
def judging(
    connection: sqlite3.Connection, digests: Mapping[str, str], explanations: Explanations
) -> Iterator[Judged]:
    """All observations of these routes with their verdicts as of now, in a temporary table."""
    connection.create_function("cutover_verdict", 3, explanations.verdict, deterministic=True)
    connection.execute("DROP TABLE IF EXISTS temp.judged")
    connection.execute(_JUDGE, [json.dumps(digests)])
    try:
        yield Judged(connection)
    finally:
        connection.execute("DROP TABLE temp.judged")


def differences(connection: sqlite3.Connection, digests: Mapping[str, str]) -> list[Row]:
    """Differences of current observations by signature and what explained them when recorded; newest sample."""
    connection.create_function("cutover_signature", 4, signature_of, deterministic=True)
    return [dict(row) for row in connection.execute(_DIFFERENCES, [json.dumps(digests)])]


def stage_since(connection: sqlite3.Connection) -> dict[str, float]:
    """Per route: when it entered the stage it stands in; percent steps within a stage do not count."""
    return dict(connection.execute(_STAGE_SINCE).fetchall())


def served_since(connection: sqlite3.Connection, since: Mapping[str, float]) -> list[Row]:
    """Per route and side: what was served since the given times (epoch seconds), to the minute."""
    return [dict(row) for row in connection.execute(_SERVED, [json.dumps(since)])]
