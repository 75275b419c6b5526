"""Which observations stay whole: of each signature the oldest, the newest, and a fair draw of those in between."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.retention import USUAL
from gateway.store import rows
from gateway.store.known import rows_of
from gateway.store.profile import JUDGED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from gateway.core.observation import Observation
    from gateway.core.retention import Retention

Cell = tuple[str, str, str]
"""A signature (`~` in front where no verdict rests on it) or a verdict; route; digest."""


class Sample(NamedTuple):
    """An observation as the choice sees it; `draw` is its lot, the same in every process."""

    at: float
    id: str
    draw: int


def lot(identity: str) -> int:
    """A number below 2^62 that depends on nothing but the id, so that a draw is fair and is never repeated."""
    return int.from_bytes(hashlib.sha256(identity.encode()).digest()[:8], "big") >> 2


def choose(known: set[Sample], new: set[Sample], most: int) -> set[Sample]:
    """Of what was chosen before and of one write: the oldest sixth, a third of newest, the rest by the smallest lots.

    While there is room for all, all are chosen. Beyond it a write gives its last one alone as newest, so that these
    come from several writes, and a busy signature does not rewrite its samples with each of them.
    """
    ordered = sorted(known | new)
    if len(ordered) <= most:
        return known | new
    oldest = ordered[: max(1, most // 6)]
    newest = sorted({*known, max(new, default=ordered[-1])} - set(oldest))[-max(1, most // 3) :]
    rest = sorted((known | new).difference(oldest, newest), key=lambda sample: sample.draw)
    return {*oldest, *newest, *rest[: most - len(oldest) - len(newest)]}


def cells(observation: Observation) -> set[Cell]:
    """Where an observation is a sample."""
    place = (observation.route, observation.digest)
    signatures = {difference.signature(observation.route) for difference in observation.differences}
    if observation.verdict in JUDGED and signatures:
        return {(signature, *place) for signature in signatures}
    return {(str(observation.verdict), *place), *((f"~{signature}", *place) for signature in signatures)}


def keep(connection: sqlite3.Connection, observations: Sequence[Observation], retention: Retention = USUAL) -> None:
    """Keep what is chosen and drop what no longer is, inside a transaction of the caller's; all are new."""
    offered: dict[tuple[str, str], dict[str, set[Sample]]] = {}
    for one in observations:
        sample = Sample(one.at, one.id, lot(one.id))
        for name, route, digest in cells(one):
            offered.setdefault((route, digest), {}).setdefault(name, set()).add(sample)
    added: list[tuple[Cell, Sample]] = []
    dropped: list[tuple[Cell, Sample]] = []
    for (route, digest), by_name in offered.items():
        known = _known(connection, (route, digest), list(by_name))
        if not known:
            _retire(connection, (route, digest), retention)
        for name, new in by_name.items():
            before = known.get(name, set())
            chosen = choose(before, new, retention.samples)
            cell = (name, route, digest)
            added += [(cell, sample) for sample in chosen - before]
            dropped += [(cell, sample) for sample in before - chosen]
    connection.executemany(
        "DELETE FROM samples WHERE cell = ? AND route = ? AND digest = ? AND id = ?",
        [[*cell, sample.id] for cell, sample in dropped],
    )
    connection.executemany(
        "INSERT INTO samples (cell, route, digest, id, at, draw) VALUES (?, ?, ?, ?, ?, ?)",
        [[*cell, sample.id, sample.at, sample.draw] for cell, sample in added],
    )
    kept = {sample.id for _, sample in added}
    rows.insert(connection, [one for one in observations if one.id in kept])
    _drop(connection, {sample.id for _, sample in dropped})


def _known(connection: sqlite3.Connection, place: tuple[str, str], names: list[str]) -> dict[str, set[Sample]]:
    query = "SELECT cell, at, id, draw FROM samples WHERE route = ? AND digest = ? AND cell IN ({})"
    known: dict[str, set[Sample]] = {}
    for row in rows_of(connection, query, names, place):
        known.setdefault(row["cell"], set()).add(Sample(row["at"], row["id"], row["draw"]))
    return known


def _drop(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    connection.executemany(
        "DELETE FROM observations WHERE id = ? AND NOT EXISTS (SELECT 1 FROM samples s WHERE s.id = observations.id)",
        [[identity] for identity in ids],
    )


def _retire(connection: sqlite3.Connection, place: tuple[str, str], retention: Retention) -> None:
    """Drop the samples of a route's older digests when a digest is sampled for the first time."""
    if not connection.execute("SELECT 1 FROM samples WHERE route = ? AND digest = ? LIMIT 1", place).fetchone():
        _retire_before(connection, place[0], retention.digests - 1)


def _retire_before(connection: sqlite3.Connection, route: str, kept: int) -> None:
    ages = connection.execute(
        "SELECT digest, max(at) AS newest FROM samples WHERE route = ? GROUP BY digest ORDER BY newest DESC", [route]
    ).fetchall()
    for row in ages[kept:]:
        place = [route, row["digest"]]
        ids = connection.execute("SELECT DISTINCT id FROM samples WHERE route = ? AND digest = ?", place).fetchall()
        connection.execute("DELETE FROM samples WHERE route = ? AND digest = ?", place)
        _drop(connection, [found[0] for found in ids])
