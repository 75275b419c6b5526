from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from reports.bound import pairs_needed
from reports.checks.parity import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, clean, seen, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled, **targets: float) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets(**targets))  # type: ignore[arg-type]


def test_the_bound_reaches_the_target(tmp_path: Path) -> None:
    """Just enough agreeing pairs pass, one fewer do not, and the text says how many are missing."""
    needed = pairs_needed(0.95, 0, 0)
    filled = store(tmp_path, clean(needed - 1))
    finding = judged(filled, parity=0.95)
    assert finding.missing_text == "1 more agreeing pair needed for 95 %"
    filled.add(seen(subject="one more"))
    assert judged(filled, parity=0.95).passed


def test_failed_pairs_do_not_agree(tmp_path: Path) -> None:
    """Failed and different pairs lower the bound, expected ones raise it, inconclusive ones say nothing."""
    filled = store(tmp_path, clean(40))
    filled.add(seen(Verdict.EXPECTED, subject="e"), seen(Verdict.INCONCLUSIVE, subject="i"))
    assert judged(filled, parity=0.9).passed
    filled.add(*(seen(Verdict.FAILED, subject=f"f{n}") for n in range(4)))
    finding = judged(filled, parity=0.9)
    assert not finding.passed
    assert "45 pairs: 40 equal, 1 expected, 0 different, 4 failed" in finding.evidence_text


def test_a_low_target_still_asks_for_some_pairs(tmp_path: Path) -> None:
    """The least number of pairs holds whatever the target."""
    assert judged(store(tmp_path, clean(4)), parity=0.01, min_pairs=5).missing_text.startswith("1 more")


def test_stale_observations_are_named(tmp_path: Path) -> None:
    """Who wonders where the evidence went reads that it belongs to another digest."""
    finding = judged(store(tmp_path, clean(3, digest="before")))
    assert "3 older observations of another route digest not counted" in finding.evidence_text


def test_exercises_never_count(tmp_path: Path) -> None:
    """However many there are; the text says that they are left out."""
    filled = store(tmp_path, clean(40))
    before = judged(filled, parity=0.99)
    filled.add(*clean(500, source="exercise"))
    after = judged(filled, parity=0.99)
    assert after.missing_text == before.missing_text
    assert after.evidence_text == f"{before.evidence_text}; 500 exercises not counted"
