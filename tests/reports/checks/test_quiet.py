from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from reports.checks.quiet import CHECK
from reports.criteria import DAY, Targets
from tests.reports.builders import NOW, ROUTE, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_a_quiet_week(tmp_path: Path) -> None:
    """Served by the gateway alone for the whole period passes."""
    filled = store(tmp_path)
    filled.stage(Stage.GATEWAY, NOW - 9 * DAY)
    assert "served nothing" in judged(filled).missing_text
    filled.serve("legacy", 5, at=NOW - 8 * DAY)
    filled.serve("gateway", 5)
    assert judged(filled).passed


def test_somebody_is_still_served_by_legacy(tmp_path: Path) -> None:
    """One request that legacy served in the period holds the route, and when it was is named."""
    filled = store(tmp_path)
    filled.stage(Stage.GATEWAY, NOW - 9 * DAY)
    filled.serve("gateway", 5)
    filled.serve("legacy", 1, at=NOW - 2 * DAY)
    assert judged(filled).missing_text == "legacy served 2 d ago; find the caller"


def test_too_short(tmp_path: Path) -> None:
    """The days that are still missing are counted; a stage before gateway has held none."""
    filled = store(tmp_path)
    filled.serve("gateway", 5)
    assert judged(filled).missing_text == "7.0 more days in stage gateway"
    filled.stage(Stage.GATEWAY, NOW - 2 * DAY)
    filled.serve("gateway", 5)
    assert judged(filled).missing_text == "5.0 more days in stage gateway"
