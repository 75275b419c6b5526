"""The store grows with what is different, not with how much passes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.store.database import open_store
from gateway.store.dialect import gather_in
from gateway.store.observations import append
from tests.gateway.store.observed import AT, NAME, differing, seen

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.observation import Observation

BODY = {"body": "x" * 2_000}


def traffic(times: int) -> list[Observation]:
    """Ten routes with two signatures each, twenty subjects, over so many times twenty minutes."""
    items = []
    for number in range(times * 1_000):
        place = {"route": f"r{number % 10}", "subject": f"u{number % 20}", "at": AT + number * 1.2, "legacy": BODY}
        kind = number // 10 % 5
        items.append(differing(replace(NAME, path=f"$.{kind}"), **place) if kind < 2 else seen(**place))
    return items


def size(path: Path, items: list[Observation]) -> int:
    """Bytes of a store with these in it."""
    with closing(open_store(path)) as connection:
        for start in range(0, len(items), 500):
            append(connection, items[start : start + 500])
        gather_in(connection)
    return path.stat().st_size


@pytest.mark.proof
def test_ten_times_the_traffic_is_nearly_the_same_size(tmp_path: Path) -> None:
    """With the same signatures; what still grows a little is the memory of single pairs and ids, which is bounded."""
    once, ten_times = size(tmp_path / "1.db", traffic(2)), size(tmp_path / "10.db", traffic(20))
    assert ten_times < 1.6 * once, (once, ten_times)
