from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.observation import Verdict
from gateway.store import rows
from gateway.store.browse import Wanted, browse
from gateway.store.database import open_store, transaction
from gateway.store.observations import append
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


def ids(connection: sqlite3.Connection, **wanted: object) -> list[str]:
    """What is found."""
    return [one.id for one in browse(connection, Wanted(**wanted))]  # type: ignore[arg-type]


def test_samples_are_found_by_route_time_verdict_source_digest_and_signature(connection: sqlite3.Connection) -> None:
    """Newest first; conditions add up; the later end of a time is outside."""
    first, second = seen(at=AT), differing(at=AT + 60, source="replay")
    third = seen(Verdict.FAILED, at=AT + 120, route="pools.create", digest="e", differences=(NAME,))
    append(connection, [first, second, third])
    assert ids(connection) == [third.id, second.id, first.id]
    assert ids(connection, routes=("pools.list",)) == [second.id, first.id]
    assert ids(connection, routes=("pools.list", "pools.create"), verdict="failed") == [third.id]
    assert ids(connection, since=AT, until=AT + 60) == [first.id]
    assert ids(connection, source="replay") == [second.id]
    assert ids(connection, digest="e") == [third.id]
    assert ids(connection, signature=NAME.signature("pools.list")) == [second.id]
    assert ids(connection, signature=NAME.signature("pools.create")) == [third.id]


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 7))
def test_pages_neither_repeat_nor_skip(moments: list[int], page: int) -> None:
    """However many share a moment, each is given once, in order."""
    items = [seen(at=AT + moment) for moment in moments]
    with closing(open_store_in_memory()) as connection:
        rows.insert(connection, items)
        found = [one.id for one in browse(connection, page=page)]
    assert found == [one.id for one in sorted(items, key=lambda one: (one.at, one.id), reverse=True)]


def open_store_in_memory() -> sqlite3.Connection:
    """A store without a file, for many short examples."""
    import sqlite3  # noqa: PLC0415 - only here

    from gateway.store import database  # noqa: PLC0415

    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for step in database._STEPS:
        step(connection)
    return connection


def test_what_is_written_meanwhile_does_not_disturb(connection: sqlite3.Connection) -> None:
    """A reader between two pages holds no lock, and goes on where it was."""
    rows.insert(connection, [seen(at=AT + n) for n in range(6)])
    reading = browse(connection, page=2)
    found = [next(reading).at, next(reading).at]
    rows.insert(connection, [seen(at=AT + 99), seen(at=AT + 0.5)])
    found += [one.at for one in reading]
    assert found == [AT + 5, AT + 4, AT + 3, AT + 2, AT + 1, AT + 0.5, AT]


@pytest.mark.proof
@pytest.mark.timeout(180)
def test_memory_does_not_grow_with_what_is_read(connection: sqlite3.Connection) -> None:
    """200 000 samples pass through a few megabytes."""
    template = seen(legacy={"body": "x" * 200})
    with transaction(connection):
        values = next(iter(rows_of(template)))
        connection.executemany(
            f"INSERT INTO observations VALUES ({', '.join('?' * len(values))})",
            ([f"m{n}", values[1], AT + n // 3, *values[3:]] for n in range(200_000)),
        )
    memory = psutil.Process().memory_info
    count, before, most = 0, 0, 0
    for count, _ in enumerate(browse(connection), 1):
        if count == 1_000:
            before = memory().rss
        if count % 10_000 == 0:
            most = max(most, memory().rss)
    assert count == 200_000
    assert most - before < 16_000_000


def rows_of(one: object) -> Iterator[list[object]]:
    """The row of an observation."""
    yield rows._row(one)  # type: ignore[arg-type]
