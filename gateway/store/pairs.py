"""Deduplicated pairs: what one subject did with one parameter shape in one minute counts once, by its worst verdict.

Counts are kept for ever, one for each profile. Which pairs have been counted is remembered for the newest of them
only; what comes for a minute that was forgotten adds no agreeing pair, so that forgetting never makes a route ready.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.alike import parted
from gateway.core.observation import Verdict
from gateway.store.known import rows_of
from gateway.store.profile import Profile
from gateway.store.rollups import EXERCISE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from gateway.core.observation import Observation
    from gateway.store.profiles import Profiles

REMEMBERED = 50_000
"""Pairs that are known one by one."""
_AGAINST = frozenset({Verdict.MISMATCH, Verdict.FAILED})

_COUNT = """
INSERT INTO pair_rollups (route, digest, profile, count) VALUES (?, ?, ?, ?)
ON CONFLICT (route, digest, profile) DO UPDATE SET count = pair_rollups.count + excluded.count
"""
_REMEMBER = """
INSERT INTO pairs (pair, route, digest, source, minute, profile, arrival) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (pair) DO UPDATE SET profile = excluded.profile
"""
_FORGET = """
INSERT INTO forgotten (route, digest, source, minute)
SELECT route, digest, source, max(minute) FROM pairs WHERE arrival <= ? GROUP BY route, digest, source
ON CONFLICT (route, digest, source) DO UPDATE SET
  minute = CASE WHEN excluded.minute > forgotten.minute THEN excluded.minute ELSE forgotten.minute END
"""


@dataclass(slots=True)
class _Pair:
    route: str
    digest: str
    source: str
    minute: int
    profile: Profile


def add(
    connection: sqlite3.Connection,
    observations: Sequence[Observation],
    profiles: Profiles,
    remembered: int = REMEMBERED,
) -> None:
    """Count the pairs of observations, inside a transaction of the caller's; exercises make none."""
    pairs = _paired(observations)
    known = _known(connection, pairs)
    forgotten = _forgotten(connection) if len(known) < len(pairs) else {}
    newest = connection.execute("SELECT coalesce(max(arrival), 0) FROM pairs").fetchone()[0]
    changes: Counter[tuple[str, str, str]] = Counter()
    rows: list[list[object]] = []
    for key, pair in pairs.items():
        before = known.get(key)
        if before is None and pair.minute <= forgotten.get((pair.route, pair.digest, pair.source), -1):
            if not _speaks_against(pair.profile):
                continue
        elif before is not None:
            changes[pair.route, pair.digest, before] -= 1
            pair.profile |= profiles.get(pair.route, pair.digest, before)
        name = profiles.name(pair.route, pair.digest, pair.profile)
        changes[pair.route, pair.digest, name] += 1
        if name != before:
            newest += before is None
            rows.append([key, pair.route, pair.digest, pair.source, pair.minute, name, newest])
    connection.executemany(_COUNT, [[*key, change] for key, change in changes.items() if change])
    connection.executemany(_REMEMBER, rows)
    _forget(connection, newest - remembered)


def _paired(observations: Iterable[Observation]) -> dict[str, _Pair]:
    pairs: dict[str, _Pair] = {}
    for one in observations:
        if one.source == EXERCISE:
            continue
        minute = int(one.at // 60)
        text = "\0".join((one.route, one.digest, one.subject, one.shape, str(minute)))
        key = hashlib.sha256(text.encode()).hexdigest()[:24]
        profile = Profile.of(one)
        if key in pairs:
            pairs[key].profile |= profile
        else:
            pairs[key] = _Pair(one.route, one.digest, one.source, minute, profile)
    return pairs


def _known(connection: sqlite3.Connection, pairs: dict[str, _Pair]) -> dict[str, str]:
    query = "SELECT pair, profile FROM pairs WHERE pair IN ({})"
    return {row["pair"]: row["profile"] for row in rows_of(connection, query, list(pairs))}


def _forgotten(connection: sqlite3.Connection) -> dict[tuple[str, str, str], int]:
    rows = connection.execute("SELECT route, digest, source, minute FROM forgotten")
    return {(row["route"], row["digest"], row["source"]): row["minute"] for row in rows}


def _speaks_against(profile: Profile) -> bool:
    return bool(profile.verdicts & _AGAINST) or any(not parted(by)[0] for _, by in profile.items)


def _forget(connection: sqlite3.Connection, upto: int) -> None:
    if upto > 0:
        connection.execute(_FORGET, [upto])
        connection.execute("DELETE FROM pairs WHERE arrival <= ?", [upto])
