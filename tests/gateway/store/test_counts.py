from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.store import counts
from gateway.store.counts import (
    Refusal,
    Served,
    add_refusals,
    buckets,
    count_refusal,
    count_served,
    put_buckets,
    refusals,
    served,
)
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


def test_buckets_of_a_source_are_replaced_and_of_all_are_summed(connection: sqlite3.Connection) -> None:
    """A source says its whole count each time; nothing is counted twice."""
    put_buckets(connection, "one", {("a", "compared", ""): 3, ("", "unmatched", ""): 1})
    put_buckets(connection, "one", {("a", "compared", ""): 5})
    put_buckets(connection, "two", {("a", "compared", ""): 2, ("a", "shed", "full"): 1})
    assert buckets(connection) == {("a", "compared", ""): 7, ("a", "shed", "full"): 1}


def test_refusals_count_by_subject_and_reason(connection: sqlite3.Connection) -> None:
    """With first and last sight in whatever order they come, most frequent first, by route when asked."""

    def refuse(subject: str, at: float, route: str = "a") -> None:
        count_refusal(connection, route=route, subject=subject, status=401, reason="token", at=at)

    refuse("u2", 1.0)
    refuse("u1", 5.0)
    refuse("u1", 3.0)
    refuse("u1", 4.0, route="b")
    assert refusals(connection, "a") == [
        Refusal("a", "u1", 401, "token", 2, 3.0, 5.0),
        Refusal("a", "u2", 401, "token", 1, 1.0, 1.0),
    ]
    assert len(refusals(connection)) == 3


def test_invented_subjects_do_not_make_the_store_grow(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a number of subjects further ones of a reason count together; those who are known still count alone."""
    monkeypatch.setattr(counts, "SUBJECTS", 3)
    invented = [Refusal("a", f"u{number}", 401, "missing", 1, 10.0, 10.0) for number in range(5)]
    add_refusals(connection, invented)
    add_refusals(connection, [*invented, Refusal("a", "v", 403, "scope", 1, 10.0, 10.0)])
    found = {(item.status, item.subject): item.count for item in refusals(connection)}
    assert found == {
        (401, "u0"): 2, (401, "u1"): 2, (401, "u2"): 2, (401, "(further subjects)"): 4, (403, "v"): 1,
    }  # fmt: skip


def test_what_was_served_adds_up_by_minute_and_side(connection: sqlite3.Connection) -> None:
    """Oldest first, from a minute on when asked."""
    count_served(connection, [Served("a", "legacy", 7, 1, 0, 0, 0.5), Served("a", "gateway", 8, 1, 1, 1, 0.25)])
    count_served(connection, [Served("a", "legacy", 7, 2, 1, 0, 0.5)])
    assert served(connection, "a") == [
        Served("a", "legacy", 7, 3, 1, 0, 1.0),
        Served("a", "gateway", 8, 1, 1, 1, 0.25),
    ]
    assert [entry.minute for entry in served(connection, since_minute=8)] == [8]
    assert served(connection, "b") == []
