"""Observations as counts: by what they prove, how long they took, who made them, and what differed."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.alike import recorded
from gateway.core.observation import Verdict
from gateway.store.known import known_of
from gateway.store.profile import JUDGED, Profile

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gateway.core.observation import Difference, Observation
    from gateway.store.profiles import Profiles

EXERCISE = "exercise"
"""The source of observations that no caller made: weaker evidence, counted apart."""
STEPS = 128
"""Steps of a latency per power of ten: the next is 1.8 % longer."""
SUBJECTS = 10_000
"""Subjects of one route and digest that are told apart; a further one counts as seen, and is not kept."""
SHAPES = 1_000
"""Parameter shapes of one route and digest that are told apart."""
FURTHER_SHAPES = "(further shapes)"
"""Where shapes beyond those are counted."""

_ROLLUP = """
INSERT INTO rollups (route, digest, source, class, shape, profile, count, first_seen, last_seen)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (route, digest, source, class, shape, profile) DO UPDATE SET count = rollups.count + excluded.count,
  first_seen =
    CASE WHEN excluded.first_seen < rollups.first_seen THEN excluded.first_seen ELSE rollups.first_seen END,
  last_seen = CASE WHEN excluded.last_seen > rollups.last_seen THEN excluded.last_seen ELSE rollups.last_seen END
"""
_LATENCY = """
INSERT INTO latencies (route, digest, side, step, count) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (route, digest, side, step) DO UPDATE SET count = latencies.count + excluded.count
"""
_SUBJECT = """
INSERT INTO subjects (route, digest, subject) VALUES (?, ?, ?) ON CONFLICT (route, digest, subject) DO NOTHING
"""
_KNOWN_SUBJECTS = "SELECT subject FROM subjects WHERE route = ? AND digest = ? AND subject IN ({})"
_SIGHTING = """
INSERT INTO sightings (signature, digest, by, judged, route, location, path, pattern, kind, count, observations,
  first_seen, last_seen, sample)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (signature, digest, by, judged) DO UPDATE SET count = sightings.count + excluded.count,
  observations = sightings.observations + excluded.observations,
  path = CASE WHEN excluded.path < sightings.path THEN excluded.path ELSE sightings.path END,
  first_seen =
    CASE WHEN excluded.first_seen < sightings.first_seen THEN excluded.first_seen ELSE sightings.first_seen END,
  sample = CASE WHEN excluded.last_seen >= sightings.last_seen THEN excluded.sample ELSE sightings.sample END,
  last_seen = CASE WHEN excluded.last_seen > sightings.last_seen THEN excluded.last_seen ELSE sightings.last_seen END
"""

_SightingKey = tuple[str, str, str, bool]
"""Signature, digest, what explains it, whether the verdict rests on it."""


@dataclass(slots=True)
class _Span:
    """How often, and from when to when."""

    count: int
    first: float
    last: float

    def add(self, at: float) -> None:
        self.count += 1
        self.first = min(self.first, at)
        self.last = max(self.last, at)


@dataclass(slots=True)
class _Sighting:
    route: str
    difference: Difference
    path: str
    places: int
    span: _Span
    sample: str


def add(connection: sqlite3.Connection, observations: Sequence[Observation], profiles: Profiles) -> None:
    """Count observations, inside a transaction of the caller's."""
    _add_rollups(connection, observations, profiles)
    _add_latencies(connection, observations)
    _add_subjects(connection, observations)
    _add_sightings(connection, observations)


def step(seconds: float) -> int:
    """The step of a latency; `seconds_of` leads back to within 0.9 %."""
    return round(math.log10(seconds) * STEPS)


def seconds_of(number: int) -> float:
    """The seconds that a step stands for."""
    return float(10 ** (number / STEPS))


def _add_rollups(connection: sqlite3.Connection, observations: Sequence[Observation], profiles: Profiles) -> None:
    spans: dict[tuple[str, str, str, int, str, str], _Span] = {}
    shapes = _Shapes(connection)
    for one in observations:
        profile = profiles.name(one.route, one.digest, Profile.of(one))
        shape = shapes.told(one.route, one.digest, one.shape)
        key = (one.route, one.digest, one.source, one.legacy_status // 100, shape, profile)
        span = spans.get(key)
        if span is None:
            spans[key] = _Span(1, one.at, one.at)
        else:
            span.add(one.at)
    connection.executemany(_ROLLUP, [[*key, span.count, span.first, span.last] for key, span in spans.items()])


class _Shapes:
    """Which shapes of a route are told apart; those met first are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._known: dict[tuple[str, str], set[str]] = {}

    def told(self, route: str, digest: str, shape: str) -> str:
        known = self._known.get((route, digest))
        if known is None:
            rows = self._db.execute(
                "SELECT DISTINCT shape FROM rollups WHERE route = ? AND digest = ?", [route, digest]
            )
            known = self._known[route, digest] = {row[0] for row in rows}
        if shape not in known and len(known) >= SHAPES:
            return FURTHER_SHAPES
        known.add(shape)
        return shape


def _add_latencies(connection: sqlite3.Connection, observations: Sequence[Observation]) -> None:
    """Of delivered pairs that know both sides; a dry run delivers nothing."""
    steps: Counter[tuple[str, str, str, int]] = Counter()
    for one in observations:
        told = one.legacy_seconds > 0 and one.gateway_seconds > 0
        if told and one.mode != "dry-run" and one.source != EXERCISE and one.verdict != Verdict.FAILED:
            steps[one.route, one.digest, "legacy", step(one.legacy_seconds)] += 1
            steps[one.route, one.digest, "gateway", step(one.gateway_seconds)] += 1
    connection.executemany(_LATENCY, [[*key, count] for key, count in steps.items()])


def _add_subjects(connection: sqlite3.Connection, observations: Sequence[Observation]) -> None:
    seen: dict[tuple[str, str], set[str]] = {}
    for one in observations:
        if one.source != EXERCISE:
            seen.setdefault((one.route, one.digest), set()).add(one.subject)
    for (route, digest), subjects in seen.items():
        new = subjects - known_of(connection, _KNOWN_SUBJECTS, sorted(subjects), [route, digest])
        if new:
            told = connection.execute("SELECT count(*) FROM subjects WHERE route = ? AND digest = ?", [route, digest])
            room = max(0, SUBJECTS - told.fetchone()[0])
            connection.executemany(_SUBJECT, [[route, digest, subject] for subject in sorted(new)[:room]])


def _add_sightings(connection: sqlite3.Connection, observations: Sequence[Observation]) -> None:
    found: dict[_SightingKey, _Sighting] = {}
    for one in observations:
        judged = one.verdict in JUDGED
        places: dict[_SightingKey, list[Difference]] = {}
        for difference in one.differences:
            by = recorded(difference.by, difference.alike)
            places.setdefault((difference.signature(one.route), one.digest, by, judged), []).append(difference)
        for key, differences in places.items():
            _sight(found, key, one, differences)
    connection.executemany(_SIGHTING, [_sighting_row(key, seen) for key, seen in found.items()])


def _sight(
    found: dict[_SightingKey, _Sighting], key: _SightingKey, one: Observation, differences: list[Difference]
) -> None:
    path = min(difference.path for difference in differences)
    seen = found.get(key)
    if seen is None:
        span = _Span(1, one.at, one.at)
        found[key] = _Sighting(one.route, differences[0], path, len(differences), span, one.id)
        return
    seen.path = min(seen.path, path)
    seen.places += len(differences)
    seen.sample = one.id if one.at >= seen.span.last else seen.sample
    seen.span.add(one.at)


def _sighting_row(key: _SightingKey, seen: _Sighting) -> list[object]:
    like, span = seen.difference, seen.span
    place = [seen.route, like.location, seen.path, like.pattern, str(like.kind)]
    return [*key, *place, seen.places, span.count, span.first, span.last, seen.sample]
