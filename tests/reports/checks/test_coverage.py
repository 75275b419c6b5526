from __future__ import annotations

from typing import TYPE_CHECKING

from reports.checks.coverage import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, differing, seen, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_every_kind_of_call_needs_an_agreeing_pair(tmp_path: Path) -> None:
    """A status class or shape that only ever differed, or was seen under an older digest, is named."""
    filled = store(tmp_path, [seen(), differing(legacy_status=404, shape=""), seen(shape="skip", digest="before")])
    finding = judged(filled)
    assert finding.missing_text == "no agreeing pair yet for 2xx skip, 4xx without parameters"
    assert finding.evidence_text == "1 of 3 kinds of call proven, by 1 subject"


def test_many_missing_kinds_are_counted(tmp_path: Path) -> None:
    """Only the first few are named."""
    filled = store(tmp_path, [differing(shape=f"s{n}") for n in range(6)])
    assert judged(filled).missing_text.endswith("and 2 more")


def test_all_proven(tmp_path: Path) -> None:
    """Nothing seen is nothing covered; everything seen and agreed passes."""
    assert not judged(store(tmp_path)).passed
    assert judged(store(tmp_path / "other", [seen()])).passed


def test_an_exercise_may_stand_in_for_a_call_and_is_told_apart(tmp_path: Path) -> None:
    """For a success that was seen and not proven, and for a route that nobody called; never for an error."""
    tried = seen(source="exercise", shape="skip", legacy_status=0)
    finding = judged(store(tmp_path / "a", [seen(), seen(shape="skip", digest="before"), tried]))
    assert finding.passed
    assert finding.evidence_text == "2 of 2 kinds of call proven, by 1 subject; 1 by exercise only, which is weaker"
    failing = judged(store(tmp_path / "b", [seen(), seen(shape="skip", digest="before", legacy_status=404), tried]))
    assert not failing.passed
    assert judged(store(tmp_path / "c", [tried])).evidence_text.startswith(
        "no call was seen; 1 shape by exercise only"
    )
    assert not judged(store(tmp_path / "d", [tried, differing(source="exercise", legacy_status=0)])).passed
