from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.observation import Verdict
from gateway.store import rollups
from gateway.store.database import open_store
from gateway.store.observations import append
from gateway.store.rollups import FURTHER_SHAPES, seconds_of, step
from tests.gateway.store.observed import AT, NAME, differing, seen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        yield connection


@given(st.floats(1e-6, 1e4))
def test_a_step_is_near_its_latency(seconds: float) -> None:
    """Within 0.9 %."""
    assert seconds_of(step(seconds)) == pytest.approx(seconds, rel=0.0091)


def test_like_observations_share_a_row(connection: sqlite3.Connection) -> None:
    """With how often, and from when to when; sources, shapes, classes and profiles are told apart."""
    append(connection, [seen(at=AT + 5), seen(at=AT)])
    append(connection, [seen(at=AT + 2), seen(shape="body:name"), seen(source="replay"), seen(legacy_status=404)])
    found = [tuple(row) for row in connection.execute("SELECT * FROM rollups ORDER BY count DESC")]
    assert found[0] == ("pools.list", "d", "live", 2, "query:limit", "match", 3, AT, AT + 5)
    assert [row[6] for row in found] == [3, 1, 1, 1]


def test_the_newest_sample_of_a_sighting_stays(connection: sqlite3.Connection) -> None:
    """Whatever the order of writing."""
    late, early = differing(at=AT + 9), differing(NAME, NAME, at=AT)
    append(connection, [late])
    append(connection, [early])
    (row,) = connection.execute("SELECT count, observations, first_seen, last_seen, sample FROM sightings").fetchall()
    assert tuple(row) == (3, 2, AT, AT + 9, late.id)


def test_latencies_are_those_of_delivered_pairs(connection: sqlite3.Connection) -> None:
    """Dry runs, failures, exercises and half-known pairs are left out."""
    append(
        connection,
        [
            seen(),
            seen(mode="dry-run"),
            seen(Verdict.FAILED),
            seen(source="exercise"),
            seen(gateway_seconds=0.0),
        ],
    )
    found = {row["side"]: (row["step"], row["count"]) for row in connection.execute("SELECT * FROM latencies")}
    assert found == {"legacy": (step(0.01), 1), "gateway": (step(0.012), 1)}


def test_subjects_and_shapes_are_bounded(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those met first are told apart, further ones are counted; nobody makes the store grow by inventing them."""
    monkeypatch.setattr(rollups, "SUBJECTS", 3)
    monkeypatch.setattr(rollups, "SHAPES", 2)
    for n in range(6):
        append(connection, [seen(subject=f"s{n}", shape=f"query:q{n}")])
    append(connection, [seen(subject="s0", shape="query:q0")])
    assert connection.execute("SELECT count(*) FROM subjects").fetchone()[0] == 3
    shapes = {row["shape"]: row["count"] for row in connection.execute("SELECT shape, count FROM rollups")}
    assert shapes == {"query:q0": 2, "query:q1": 1, FURTHER_SHAPES: 4}
