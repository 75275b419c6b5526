"""Single observations behind a signature or a verdict, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store import observations
from reports.explained import signature_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from gateway.core.observation import Observation, Verdict
    from reports.explained import Explanations

_OF_SIGNATURE = """
SELECT o.id FROM observations o JOIN json_each(o.differences) d
WHERE o.route = ? AND cutover_signature(o.route, d.value ->> 'location', d.value ->> 'path', d.value ->> 'kind') = ?
GROUP BY o.id ORDER BY max(o.at) DESC LIMIT ?
"""

_OF_VERDICT = """
SELECT o.id FROM observations o JOIN json_each(?) c ON c.value = o.route
WHERE cutover_verdict(o.route, o.verdict, o.differences) = ? ORDER BY o.at DESC, o.id LIMIT ?
"""


def of_signature(
    connection: sqlite3.Connection, route: str, signature: str, explanations: Explanations, limit: int
) -> list[Observation]:
    """Observations of any digest in which a difference of this signature was seen, judged as of now."""
    connection.create_function("cutover_signature", 4, signature_of, deterministic=True)
    return _found(connection, connection.execute(_OF_SIGNATURE, [route, signature, limit]).fetchall(), explanations)


def of_verdict(
    connection: sqlite3.Connection, routes: str, verdict: Verdict, explanations: Explanations, limit: int
) -> list[Observation]:
    """Observations of any digest that have this verdict as of now, judged so; `routes` is a JSON list of ids."""
    connection.create_function("cutover_verdict", 3, explanations.verdict, deterministic=True)
    return _found(connection, connection.execute(_OF_VERDICT, [routes, verdict, limit]).fetchall(), explanations)


def _found(
    connection: sqlite3.Connection, rows: Iterable[sqlite3.Row], explanations: Explanations
) -> list[Observation]:
    found = (observations.find(connection, row[0]) for row in rows)
    return [explanations.judged(item) for item in found if item is not None]
