from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from reports.checks.error_rate import CHECK
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


def test_compared_with_what_legacy_served(tmp_path: Path) -> None:
    """As many errors as legacy's cohort pass, clearly more do not."""
    filled = store(tmp_path)
    filled.stage(Stage.CANARY, percent=50)
    filled.serve("legacy", 100, errors=2)
    filled.serve("gateway", 100, errors=2)
    assert judged(filled).evidence_text == "gateway 2 of 100 requests, legacy 2 of 100 requests (served)"
    assert judged(filled).passed
    filled.serve("gateway", 0, errors=1)
    assert judged(filled).missing_text == "1.00 % more than legacy, allowed is 0.50 %"


def test_compared_with_what_the_shadow_saw(tmp_path: Path) -> None:
    """At 100 % nobody is served by legacy: its share of 5xx answers among observations is the baseline."""
    filled = store(tmp_path, clean(10, legacy_status=500))
    filled.serve("gateway", 10, errors=10)
    assert judged(filled).passed
    assert "legacy 10 of 10 requests (compared)" in judged(filled).evidence_text


def test_too_little_to_tell(tmp_path: Path) -> None:
    """Few requests through the gateway, or nothing known of legacy, never pass."""
    filled = store(tmp_path)
    filled.serve("gateway", 9)
    assert judged(filled).missing_text.startswith("1 more request served by the gateway needed")
    filled.serve("gateway", 9)
    assert "nothing is known of legacy" in judged(filled).missing_text
