from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from loadtests.bench import store as module
from loadtests.bench.store import observations, store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.proof
def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    """Every observation is in the summary; rate, seconds and sizes are numbers of something."""
    found = store(tmp_path, total=6_000, timed=3_000)
    assert found["observed"] == 6_000
    assert found["rate"] > 0
    assert 0 < found["summary"] < 10
    assert found["timed_bytes"] <= found["bytes"]
    assert found["ratio"] == pytest.approx(found["rate"] / found["bare"])
    assert len(found["rounds"]["store"]) == len(found["rounds"]["bare"]) == 2
    with closing(sqlite3.connect(tmp_path / "bare.db")) as bare:
        assert bare.execute("SELECT count(*), count(DISTINCT route) > 20 FROM observations").fetchone() == (3_000, 1)


def test_rounds_are_stretches_of_equal_length() -> None:
    """Ten of them, or as many as there are batches; what remains is left out."""
    assert module._rounds([1.0] * 25) == [2.0] * 10
    assert module._rounds([1.0, 2.0, 3.0]) == [1.0, 2.0, 3.0]


def test_the_traffic_is_that_of_every_route() -> None:
    """A tenth differs; no two have the same id."""
    table = load_table(module._TABLE, {})
    some = list(islice(observations(table), 20 * len(table.select("*"))))
    assert len({one.id for one in some}) == len(some)
    assert {one.route for one in some} == {route.id for route in table.select("*")}
    assert sum(bool(one.differences) for one in some) * 10 == len(some)
