from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.store.audit import AuditEntry, Result, put_result, record, results, trail
from gateway.store.database import open_store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        yield connection


def test_the_trail_tells_who_did_what_newest_first(connection: sqlite3.Connection) -> None:
    """Entries are read back as they were written, the old ones beyond the limit left out."""
    entries = [AuditEntry(float(n), "eva", "promote", "a", "why", {"n": [n, "ü"]}) for n in range(3)]
    for entry in entries:
        record(connection, entry)
    assert trail(connection) == entries[::-1]
    assert trail(connection, limit=1) == entries[2:]


def test_results_are_kept_by_kind_newest_first(connection: sqlite3.Connection) -> None:
    """A result stored again replaces itself."""
    first = Result("1", "loadtest", 1.0, passed=True, body={"p95": 0.1})
    probe = Result("2", "probe", 2.0, passed=False, body={})
    for result in (Result("1", "loadtest", 1.0, passed=False, body={}), first, probe):
        put_result(connection, result)
    assert results(connection) == [probe, first]
    assert results(connection, "loadtest") == [first]
