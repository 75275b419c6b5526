from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Verdict
from gateway.core.routes import Stage
from reports import aggregate
from reports.explained import Explanations
from tests.reports.builders import NOW, OPEN, ROUTE, clean, differing, digest, seen, store

if TYPE_CHECKING:
    from pathlib import Path


def test_groupings_of_one_pass(tmp_path: Path) -> None:
    """Tallies, stale counts, sights and medians come from one judged table, which is gone afterwards."""
    filled = store(tmp_path, [*clean(2), differing(), seen(digest="before"), seen(Verdict.FAILED, legacy_status=503)])
    with aggregate.judging(filled.db, {ROUTE: digest()}, Explanations({}, (), NOW)) as judged:
        tally = judged.tallies()[ROUTE]
        assert (tally["match"], tally["mismatch"], tally["failed"], tally["legacy_errors"]) == (2, 1, 1, 1)
        assert judged.stale() == {ROUTE: 1}
        assert {(row["class"], row["proven"]) for row in judged.seen()} == {(2, 1), (5, 0)}
        assert judged.medians()[ROUTE]["pairs"] == 3
    assert filled.db.execute("SELECT count(*) FROM sqlite_temp_master").fetchone()[0] == 0


def test_a_failure_inside_leaves_no_table(tmp_path: Path) -> None:
    """The judged table is dropped also when the reader fails."""
    filled = store(tmp_path)

    def fail() -> None:
        with aggregate.judging(filled.db, {}, Explanations({}, (), NOW)):
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert filled.db.execute("SELECT count(*) FROM sqlite_temp_master").fetchone()[0] == 0


def test_differences_are_grouped_by_signature_and_explanation(tmp_path: Path) -> None:
    """Differences of current observations are counted by signature; those of other digests are left out."""
    filled = store(tmp_path, [differing(), differing(), differing(digest="before")])
    (row,) = aggregate.differences(filled.db, {ROUTE: digest()})
    assert (row["signature"], row["count"], row["by"]) == (OPEN.signature(ROUTE), 2, "")


def test_a_stage_begins_where_it_was_entered_last(tmp_path: Path) -> None:
    """Going back and forward again starts the stage anew."""
    filled = store(tmp_path)
    for at, stage in ((1.0, Stage.SHADOW), (2.0, Stage.LEGACY), (3.0, Stage.SHADOW), (4.0, Stage.SHADOW)):
        filled.stage(stage, at)
    assert aggregate.stage_since(filled.db) == {ROUTE: 3.0}


def test_served_counts_whole_minutes(tmp_path: Path) -> None:
    """The minute in which the time falls counts."""
    filled = store(tmp_path)
    filled.serve("legacy", 1, at=NOW - 600)
    assert aggregate.served_since(filled.db, {ROUTE: NOW - 600 + 20})[0]["requests"] == 1
    assert aggregate.served_since(filled.db, {ROUTE: NOW}) == []
