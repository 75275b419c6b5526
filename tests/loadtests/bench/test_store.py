from __future__ import annotations

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


def test_the_traffic_is_that_of_every_route() -> None:
    """A tenth differs; no two have the same id."""
    table = load_table(module._TABLE, {})
    some = list(islice(observations(table), 20 * len(table.select("*"))))
    assert len({one.id for one in some}) == len(some)
    assert {one.route for one in some} == {route.id for route in table.select("*")}
    assert sum(bool(one.differences) for one in some) * 10 == len(some)
