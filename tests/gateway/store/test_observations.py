from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Difference, DifferenceKind, Observation, Rule, Verdict
from gateway.store.browse import browse
from gateway.store.database import open_store
from gateway.store.observations import (
    append,
    find,
    put_rule,
    rules,
    signatures,
    subjects,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

NAME = Difference("body", "$[id=1].name", DifferenceKind.CHANGED, "old", "new")
FULL = Observation(
    id="1",
    route="pools.list",
    at=10.0,
    verdict=Verdict.MISMATCH,
    mode="read",
    source="live",
    digest="d",
    subject="u1",
    shape="s",
    legacy_status=200,
    gateway_status=201,
    legacy_seconds=0.1,
    gateway_seconds=0.2,
    refused=401,
    differences=(NAME, replace(NAME, path="$.total", by="rule:1")),
    legacy={"a": ["ü"]},
    gateway={},
    note="n",
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        yield connection


def test_an_observation_is_read_back_as_it_was(connection: sqlite3.Connection) -> None:
    """Every field survives the store."""
    append(connection, [FULL])
    assert find(connection, "1") == FULL
    assert find(connection, "2") is None


def test_the_same_observation_counts_once(connection: sqlite3.Connection) -> None:
    """A writer that repeats itself changes nothing."""
    append(connection, [FULL])
    append(connection, [replace(FULL, at=99.0)])
    assert [item.at for item in browse(connection)] == [10.0]
    assert {item.count for item in signatures(connection)} == {1}


def test_differences_of_one_shape_are_one_signature(connection: sqlite3.Connection) -> None:
    """Counted, with first and last sight, heaviest first, by route when asked."""
    again = replace(FULL, id="2", at=5.0, differences=(replace(NAME, path="$[id=2].name"),))
    append(connection, [FULL, again])
    heaviest, other = signatures(connection)
    assert (heaviest.pattern, heaviest.count, heaviest.first_seen, heaviest.last_seen) == ("$[*].name", 2, 5.0, 10.0)
    assert (other.pattern, other.count, other.by) == ("$.total", 1, "rule:1")
    assert heaviest.signature == NAME.signature("pools.list")
    assert signatures(connection, "pools.create") == []


def test_a_signature_is_open_again_when_something_unexplained_turns_up(connection: sqlite3.Connection) -> None:
    """An explanation holds while it explains every place."""
    explained = replace(FULL, id="1", differences=(replace(NAME, by="change:c"),))
    append(connection, [explained])
    assert signatures(connection)[0].by == "change:c"
    append(connection, [replace(FULL, id="2", differences=(NAME,))])
    assert signatures(connection)[0].by == ""


def test_subjects_of_a_route_are_told_once(connection: sqlite3.Connection) -> None:
    """Unknown ones are left out."""
    append(
        connection,
        [FULL, replace(FULL, id="2"), replace(FULL, id="3", subject="u2"), replace(FULL, id="4", subject="")],
    )
    assert subjects(connection, "pools.list") == {"u1", "u2"}
    assert subjects(connection, "pools.create") == set()


def test_a_rule_replaces_an_earlier_one(connection: sqlite3.Connection) -> None:
    """One decision for a signature."""
    put_rule(connection, Rule("abc", "expected", "qa", "why", 1.0))
    put_rule(connection, Rule("abc", "tolerated", "qa", "why", 2.0, expires=9.0))
    assert rules(connection) == {"abc": Rule("abc", "tolerated", "qa", "why", 2.0, expires=9.0)}
