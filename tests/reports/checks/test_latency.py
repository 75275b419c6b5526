from __future__ import annotations

from typing import TYPE_CHECKING

from reports.checks.latency import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, clean, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_medians_of_pairs(tmp_path: Path) -> None:
    """A ratio within the target passes and is stated; beyond it, it does not."""
    finding = judged(store(tmp_path, clean(5)))
    assert finding.passed
    assert finding.evidence_text == "gateway 12 ms, legacy 10 ms: ratio 1.20 (medians of 5 pairs)"
    slow = judged(store(tmp_path / "slow", clean(5, gateway_seconds=0.016)))
    assert slow.missing_text == "the ratio must not exceed 1.5"


def test_means_of_what_was_served(tmp_path: Path) -> None:
    """Where pairs deliver nothing, what both sides served is compared."""
    filled = store(tmp_path, clean(20, mode="dry-run"))
    filled.serve("legacy", 10)
    assert not judged(filled).passed
    filled.serve("gateway", 10, seconds=0.2)
    assert judged(filled).evidence_text.endswith("ratio 2.00 (means of 10 and 10 served)")
    assert not judged(filled).passed


def test_nothing_known(tmp_path: Path) -> None:
    """Without latencies of both sides it never passes."""
    assert "latencies of both sides needed" in judged(store(tmp_path)).missing_text
