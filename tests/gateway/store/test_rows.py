from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.core.observation import Difference, DifferenceKind, Verdict
from gateway.store import rows
from gateway.store.database import open_store
from tests.gateway.store.observed import seen

if TYPE_CHECKING:
    from pathlib import Path


def test_an_observation_survives_its_row(tmp_path: Path) -> None:
    """Every field, the flag revision among them; a second one of the same id changes nothing."""
    one = seen(
        Verdict.MISMATCH,
        differences=(Difference("body", "$.ü", DifferenceKind.TYPE, "1", '"1"', by="x"),),
        legacy={"a": ["ü"]},
        refused=401,
        note="n",
        revision=12,
    )
    with closing(open_store(tmp_path / "c.db")) as connection:
        rows.insert(connection, [one, seen(id=one.id)])
        (row,) = connection.execute(f"SELECT {rows.COLUMNS} FROM observations o").fetchall()
        assert rows.observation(row) == one
