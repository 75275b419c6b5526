from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Difference, DifferenceKind
from reports.checks.signatures import CHECK
from reports.criteria import Targets
from tests.reports.builders import OPEN, ROUTE, differing, rule, seen, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_an_open_signature_is_named(tmp_path: Path) -> None:
    """The first open ones are named with their place, the rest counted."""
    more = [Difference("header", f"x-{n}", DifferenceKind.MISSING) for n in range(4)]
    finding = judged(store(tmp_path, [differing(OPEN), differing(OPEN), differing(*more)]))
    assert f"{OPEN.signature(ROUTE)} (body $[*].name changed)" in finding.missing_text
    assert "and 2 more" in finding.missing_text


def test_a_rejected_signature_stays_open(tmp_path: Path) -> None:
    """A defect is named as rejected; an accepted signature passes."""
    filled = store(tmp_path, [differing()])
    filled.decide(rule("rejected"))
    assert "rejected" in judged(filled).missing_text
    filled.decide(rule())
    assert judged(filled).evidence_text == "0 open signatures, 1 explained"


def test_nothing_compared_is_nothing_known(tmp_path: Path) -> None:
    """Without observations of this digest the absence of differences proves nothing."""
    assert not judged(store(tmp_path, [seen(digest="before")])).passed
    assert judged(store(tmp_path / "other", [seen()])).passed
