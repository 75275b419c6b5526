from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Verdict
from gateway.store import pairs
from gateway.store.database import open_store, transaction
from gateway.store.profiles import Profiles
from tests.gateway.store.observed import AT, differing, seen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.core.observation import Observation


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        yield connection


def add(connection: sqlite3.Connection, *observations: Observation, remembered: int = 100) -> Counter[int]:
    """Count, and tell how many pairs there are of how many verdicts."""
    with transaction(connection):
        pairs.add(connection, observations, Profiles(connection), remembered)
    rows = connection.execute("SELECT profile, sum(count) FROM pair_rollups WHERE count > 0 GROUP BY profile")
    return Counter({row[0]: row[1] for row in rows})


def test_a_pair_counts_once_over_all_batches(connection: sqlite3.Connection) -> None:
    """Subject, shape, minute, route and digest make it; what comes later can only make it worse."""
    assert add(connection, seen(), seen(at=AT + 59)) == {"match": 1}
    assert add(connection, seen(at=AT + 30)) == {"match": 1}
    assert add(connection, seen(at=AT + 60), seen(subject="bob"), seen(shape="x"), seen(digest="e")) == {"match": 5}
    (mixed,) = add(connection, seen(Verdict.FAILED)).keys() - {"match"}
    assert add(connection, seen(), seen(Verdict.FAILED))[mixed] == 1


def test_exercises_are_no_pairs(connection: sqlite3.Connection) -> None:
    """Nobody asked for what they ask."""
    assert add(connection, seen(source="exercise")) == {}


def test_forgetting_adds_no_agreeing_pair(connection: sqlite3.Connection) -> None:
    """What agrees in a forgotten minute is not counted again; what differs there is."""
    for n in range(5):
        add(connection, seen(at=AT + 60 * n), remembered=2)
    assert connection.execute("SELECT count(*) FROM pairs").fetchone()[0] == 2
    assert add(connection, seen(at=AT), remembered=2) == {"match": 5}
    assert sum(add(connection, differing(at=AT), seen(Verdict.FAILED, at=AT + 60), remembered=2).values()) == 7
    assert add(connection, seen(at=AT, subject="bob", source="replay"), remembered=2)["match"] == 6
