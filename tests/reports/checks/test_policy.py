from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.counts import count_refusal
from reports.checks.policy import CHECK
from reports.criteria import Targets
from reports.explained import refusal_signature
from tests.reports.builders import NOW, ROUTE, rule, seen, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_somebody_would_be_locked_out(tmp_path: Path) -> None:
    """Who would be refused and why is named with the signature to accept; accepted, it passes."""
    filled = store(tmp_path, [seen()])
    assert judged(filled).passed
    count_refusal(filled.db, route=ROUTE, subject="bob", status=401, reason="no token", at=NOW)
    signature = refusal_signature(ROUTE, 401, "no token")
    finding = judged(filled)
    assert f"{signature} (401 no token: 1 subject)" in finding.missing_text
    filled.decide(rule(signature=signature))
    assert judged(filled).passed


def test_many_reasons_are_counted(tmp_path: Path) -> None:
    """Only the first few reasons are named."""
    filled = store(tmp_path, [seen()])
    for status in range(400, 405):
        count_refusal(filled.db, route=ROUTE, subject="bob", status=status, reason="x", at=NOW)
    assert "and 2 more" in judged(filled).missing_text


def test_no_copy_was_judged(tmp_path: Path) -> None:
    """Without observations of this digest nobody was asked."""
    assert not judged(store(tmp_path)).passed
