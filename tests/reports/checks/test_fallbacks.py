from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from reports.checks.fallbacks import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_fallbacks_are_failures(tmp_path: Path) -> None:
    """A few in a thousand pass, more do not, whichever side counted them; nothing served is nothing known."""
    filled = store(tmp_path)
    assert not judged(filled).passed
    filled.stage(Stage.CANARY, percent=5)
    filled.serve("gateway", 990, fallbacks=2)
    filled.serve("legacy", 10, fallbacks=2)
    assert judged(filled).passed
    assert judged(filled).evidence_text == "4 fallbacks in 1\N{NO-BREAK SPACE}000 requests since canary began"
    filled.serve("legacy", 0, fallbacks=2)
    assert judged(filled).missing_text == "0.60 % is over 0.50 %"
