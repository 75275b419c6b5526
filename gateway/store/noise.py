"""What the shadow learned of legacy's own variation: one row for each place, and one for the route as a whole.

The row without a location counts the sampled second reads themselves. Nothing here is a value: places are patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.noise import Noise, Place
from gateway.store.database import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

PLACES = 500
"""Places kept of a route: further ones are not learned, and so never excused."""
KEPT = 30 * 86_400.0
"""Seconds for which what was learned beside an older gateway is kept."""
_ALL = Place("", "", "")

_ADD = """
INSERT INTO noise VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (route, digest, location, pattern, kind) DO UPDATE
SET legacy = noise.legacy + excluded.legacy, gateway = noise.gateway + excluded.gateway,
    both = noise.both + excluded.both,
    barred = CASE WHEN excluded.barred > noise.barred THEN excluded.barred ELSE noise.barred END,
    at = CASE WHEN excluded.at > noise.at THEN excluded.at ELSE noise.at END
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Who differed from legacy's first answer in one place: its own second one, the gateway's; was it breaking."""

    legacy: bool
    gateway: bool
    breaking: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one pair of answers taught; places in which nothing differed are not named.

    `reads` is 1 for a sampled second read, and 0 where only a breaking place is told of.
    """

    route: str
    digest: str
    at: float
    places: Mapping[Place, Seen]
    reads: int = 1


def learn(connection: sqlite3.Connection, lessons: Iterable[Lesson]) -> None:
    """Count what second reads showed, all at once; what an older gateway was compared with is dropped in time."""
    with transaction(connection):
        for one in lessons:
            connection.execute(
                "DELETE FROM noise WHERE route = ? AND digest <> ? AND at < ?", [one.route, one.digest, one.at - KEPT]
            )
            if one.reads:
                _count(connection, one, _ALL, Seen(legacy=True, gateway=True))
            known = _places(connection, one)
            for place, seen in one.places.items():
                if place in known or len(known) < PLACES:
                    known.add(place)
                    _count(connection, one, place, seen)


def learned(connection: sqlite3.Connection) -> dict[tuple[str, str, Place], Noise]:
    """Counts by route, route digest and place."""
    rows = connection.execute("SELECT * FROM noise ORDER BY location").fetchall()
    reads = {(row["route"], row["digest"]): row["legacy"] for row in rows if not row["location"]}
    return {
        (row["route"], row["digest"], Place(row["location"], row["pattern"], row["kind"])): Noise(
            reads.get((row["route"], row["digest"]), 0),
            row["legacy"],
            row["gateway"],
            row["both"],
            bool(row["barred"]),
        )
        for row in rows
        if row["location"]
    }


def _places(connection: sqlite3.Connection, lesson: Lesson) -> set[Place]:
    rows = connection.execute(
        "SELECT location, pattern, kind FROM noise WHERE route = ? AND digest = ? AND location <> ''",
        [lesson.route, lesson.digest],
    )
    return {Place(*row) for row in rows}


def _count(connection: sqlite3.Connection, lesson: Lesson, place: Place, seen: Seen) -> None:
    key = (lesson.route, lesson.digest, place.location, place.pattern, place.kind)
    counts = (seen.legacy, seen.gateway, seen.legacy and seen.gateway, seen.breaking)
    connection.execute(_ADD, [*key, *(int(one) for one in counts), lesson.at])
