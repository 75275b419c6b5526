"""Observations as the store has counted them, judged by what explains their differences today."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.core.observation import Verdict
from gateway.store.profile import Profile
from gateway.store.rollups import EXERCISE, FURTHER_SHAPES, seconds_of
from reports.nouns import Exercise, Latency, Sight, Tally

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping

    from reports.explained import Explanations

_AGREED = frozenset({Verdict.MATCH, Verdict.EXPECTED})
_SERVER_ERROR = 5

_STAGE_SINCE = """
SELECT h.route, min(h.at) FROM flag_history h JOIN flags f ON f.route = h.route AND f.stage = h.stage
WHERE h.revision > coalesce(
  (SELECT max(x.revision) FROM flag_history x WHERE x.route = h.route AND x.stage <> f.stage), -1)
GROUP BY h.route
"""

_SERVED = """
SELECT route, side, sum(requests) AS requests, sum(errors) AS errors, sum(fallbacks) AS fallbacks,
       sum(seconds) AS seconds, max(CASE WHEN requests > 0 THEN ended ELSE 0 END) * 60.0 AS last
FROM served WHERE route = ? AND ended * 60 > ? GROUP BY route, side
"""

Row = dict[str, Any]


@dataclass(slots=True)
class Counted:
    """What is counted of one route; but for `stale` and `seen`, under its current digest.

    `exercised` are dry runs that no caller asked for; they are in no other count. Of the shapes in `exercised_shapes`
    one was carried over whole, of those in `differing_shapes` one was not.
    """

    observed: Counter[Verdict] = field(default_factory=Counter)
    pairs: Counter[Verdict] = field(default_factory=Counter)
    exercised: Counter[Verdict] = field(default_factory=Counter)
    stale: int = 0
    subjects: int = 0
    first: float = 0.0
    last: float = 0.0
    legacy_errors: int = 0
    seen: set[Sight] = field(default_factory=set)
    proven: set[Sight] = field(default_factory=set)
    exercises: dict[str, Exercise] = field(default_factory=dict)
    exercised_shapes: set[str] = field(default_factory=set)
    differing_shapes: set[str] = field(default_factory=set)
    latency: Latency = field(default_factory=Latency)


def tally(counts: Mapping[Verdict, int]) -> Tally:
    """Counts by verdict as the value that checks read."""
    return Tally(**{str(verdict): count for verdict, count in counts.items()})


def counted(
    connection: sqlite3.Connection, digests: Mapping[str, str], explanations: Explanations
) -> dict[str, Counted]:
    """Every route of `digests` that anything is counted of; their values are the current digests."""
    routes: defaultdict[str, Counted] = defaultdict(Counted)
    judge = _judge(connection, digests, explanations)
    unsure: set[tuple[str, Sight]] = set()
    for row in connection.execute("SELECT * FROM rollups"):
        if row["route"] in digests:
            current = row["digest"] == digests[row["route"]]
            verdict = judge(row["route"], row["profile"]) if current else None
            _count(routes[row["route"]], row, verdict)
            if row["shape"] == FURTHER_SHAPES and verdict not in _AGREED:
                unsure.add((row["route"], Sight(row["class"], row["shape"])))
    for route, sight in unsure:  # of shapes that share a place, one that disagrees speaks for all
        routes[route].proven.discard(sight)
    for row in connection.execute("SELECT route, digest, profile, count FROM pair_rollups WHERE count > 0"):
        if digests.get(row["route"]) == row["digest"]:
            routes[row["route"]].pairs[judge(row["route"], row["profile"])] += row["count"]
    for row in connection.execute("SELECT route, digest, count(*) AS count FROM subjects GROUP BY route, digest"):
        if digests.get(row["route"]) == row["digest"]:
            routes[row["route"]].subjects = row["count"]
    for route, latency in _latencies(connection, digests).items():
        routes[route].latency = latency
    return dict(routes)


def differences(connection: sqlite3.Connection, digests: Mapping[str, str]) -> list[Row]:
    """Differences of current observations by signature and what explained them when recorded; newest sample."""
    found = connection.execute(
        "SELECT route, digest, signature, by, path, pattern, location, kind, count, observations,"
        " first_seen AS first, last_seen AS last, sample"
        " FROM sightings WHERE judged = 1 ORDER BY route, signature, by"
    )
    return [dict(row) for row in found if digests.get(row["route"]) == row["digest"]]


def stage_since(connection: sqlite3.Connection) -> dict[str, float]:
    """Per route: when it entered the stage it stands in; percent steps within a stage do not count."""
    return dict(connection.execute(_STAGE_SINCE).fetchall())


def served_since(connection: sqlite3.Connection, since: Mapping[str, float]) -> list[Row]:
    """Per route and side: what was served since the given times (epoch seconds), to the minute."""
    return [
        dict(row)
        for route, moment in since.items()
        for row in connection.execute(_SERVED, [route, moment]).fetchall()
    ]


def _judge(
    connection: sqlite3.Connection, digests: Mapping[str, str], explanations: Explanations
) -> Callable[[str, str], Verdict]:
    """The verdict as of now of a current profile, by route and name."""
    verdicts: dict[tuple[str, str], Verdict] = {}
    for row in connection.execute("SELECT route, digest, profile, content FROM profiles"):
        if digests.get(row["route"]) == row["digest"]:
            verdicts[row["route"], row["profile"]] = explanations.verdict(Profile.from_text(row["content"]))
    return lambda route, name: verdicts[route, name]


def _count(into: Counted, row: sqlite3.Row, verdict: Verdict | None) -> None:
    """Add a rollup; `verdict` is None for one of another digest."""
    if row["source"] == EXERCISE:
        if verdict:
            into.exercised[verdict] += row["count"]
            _exercise(into, row, verdict)
            (into.exercised_shapes if verdict in _AGREED else into.differing_shapes).add(row["shape"])
        return
    if row["class"]:
        into.seen.add(Sight(row["class"], row["shape"]))
        if verdict in _AGREED:
            into.proven.add(Sight(row["class"], row["shape"]))
    if verdict is None:
        into.stale += row["count"]
        return
    into.first = min(into.first, row["first_seen"]) if into.observed else row["first_seen"]
    into.last = max(into.last, row["last_seen"])
    into.observed[verdict] += row["count"]
    into.legacy_errors += row["count"] if row["class"] == _SERVER_ERROR else 0


def _exercise(into: Counted, row: sqlite3.Row, verdict: Verdict) -> None:
    known = into.exercises.get(row["shape"]) or Exercise(row["shape"], first_seen=row["first_seen"])
    before = getattr(known.verdicts, str(verdict))
    into.exercises[row["shape"]] = replace(
        known,
        verdicts=replace(known.verdicts, **{str(verdict): before + row["count"]}),
        first_seen=min(known.first_seen, row["first_seen"]),
        last_seen=max(known.last_seen, row["last_seen"]),
    )


def _latencies(connection: sqlite3.Connection, digests: Mapping[str, str]) -> dict[str, Latency]:
    steps: defaultdict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: {"legacy": [], "gateway": []})
    for row in connection.execute("SELECT route, digest, side, step, count FROM latencies ORDER BY step"):
        if digests.get(row["route"]) == row["digest"]:
            steps[row["route"]][row["side"]].append((row["step"], row["count"]))
    return {
        route: Latency(sum(count for _, count in sides["legacy"]), median(sides["legacy"]), median(sides["gateway"]))
        for route, sides in steps.items()
    }


def median(steps: Iterable[tuple[int, int]]) -> float:
    """The median in seconds of counted steps in their order; between two it is their mean."""
    counts = list(steps)
    total = sum(count for _, count in counts)
    return (_at(counts, (total - 1) // 2) + _at(counts, total // 2)) / 2


def _at(counts: list[tuple[int, int]], place: int) -> float:
    for number, count in counts:
        if place < count:
            return seconds_of(number)
        place -= count
    raise ValueError("there is no such place")
