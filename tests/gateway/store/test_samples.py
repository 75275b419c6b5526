from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.observation import Verdict
from gateway.core.retention import Retention
from gateway.store.browse import browse
from gateway.store.database import open_store
from gateway.store.observations import append
from gateway.store.samples import Sample, cells, choose, lot
from tests.gateway.store.observed import AT, NAME, STATUS, differing, seen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

numbered = st.lists(st.integers(0, 10_000), unique=True, max_size=60)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(tmp_path / "c.db")) as connection:
        yield connection


def sample(number: int) -> Sample:
    """The sample of a moment."""
    return Sample(float(number), f"o{number}", lot(f"o{number}"))


def written(numbers: list[int], most: int, batch: int) -> set[Sample]:
    """What is chosen after writing so many at a time."""
    kept: set[Sample] = set()
    for start in range(0, len(numbers), batch):
        kept = choose(kept, {sample(number) for number in numbers[start : start + batch]}, most)
    return kept


@given(numbered, st.integers(4, 30), st.integers(1, 9))
def test_the_oldest_and_the_newest_are_always_among_them(numbers: list[int], most: int, batch: int) -> None:
    """No more than the bound is chosen, and everything while there is room, however often one writes."""
    chosen = written(sorted(numbers), most, batch)
    assert len(chosen) == min(most, len(numbers))
    if numbers:
        assert {sample(min(numbers)), sample(max(numbers))} <= chosen


@given(numbered, st.integers(4, 12))
def test_what_comes_late_may_be_the_oldest(numbers: list[int], most: int) -> None:
    """The oldest is the oldest by its time, not by when it was written."""
    if numbers:
        assert sample(min(numbers)) in written(numbers, most, 1)


@pytest.mark.proof
def test_the_spread_is_fair() -> None:
    """What lies between is drawn evenly over the whole time, not only from its ends."""
    chosen = sorted(written(list(range(3_000)), 300, 1))
    between = [one.at for one in chosen[50:-100]]
    assert [sum(start <= at < start + 700 for at in between) for start in range(50, 2_850, 700)] == pytest.approx(
        [37.5] * 4, abs=20
    )


def test_a_write_rewrites_little() -> None:
    """Of a signature that is seen thousands of times a second, a write replaces a few samples."""
    kept = written(list(range(5_000)), 24, 500)
    after = choose(kept, {sample(number) for number in range(5_000, 5_500)}, 24)
    assert len(after - kept) <= 6


def test_an_observation_is_a_sample_of_each_of_its_signatures() -> None:
    """Or of its verdict where no difference decides it."""
    names = {NAME.signature("pools.list"), STATUS.signature("pools.list")}
    assert {cell for cell, *_ in cells(differing(NAME, STATUS))} == names
    assert {cell for cell, *_ in cells(seen())} == {"match"}
    assert {cell for cell, *_ in cells(seen(Verdict.FAILED, differences=(NAME,)))} == {
        "failed",
        f"~{NAME.signature('pools.list')}",
    }


def test_as_many_stay_as_was_asked_for(connection: sqlite3.Connection) -> None:
    """Per signature and per verdict; what belongs to two of them stays while one wants it."""
    both = differing(NAME, STATUS, at=AT)
    items = [differing(at=AT + n) for n in range(200)] + [seen(at=AT + n) for n in range(200)] + [both]
    random.Random(7).shuffle(items)
    for start in range(0, len(items), 9):
        append(connection, items[start : start + 9], Retention(samples=10))
    kept = list(browse(connection))
    assert len([one for one in kept if one.verdict is Verdict.MATCH]) == 10
    assert 10 <= len([one for one in kept if one.differences]) <= 11
    assert both.id in {one.id for one in kept}
    assert connection.execute("SELECT count(*) FROM observations").fetchone()[0] == len(kept)


def test_of_old_digests_no_sample_stays(connection: sqlite3.Connection) -> None:
    """The newest three of a route do; a digest that comes back is sampled again, and counts are never dropped."""
    for number in range(5):
        append(connection, [seen(digest=f"d{number}", at=AT + number)])
    assert {one.digest for one in browse(connection)} == {"d2", "d3", "d4"}
    append(connection, [replace(seen(digest="d0", at=AT + 9))])
    assert {one.digest for one in browse(connection)} == {"d0", "d3", "d4"}
    assert connection.execute("SELECT sum(count) FROM rollups").fetchone()[0] == 6
