from __future__ import annotations

from typing import TYPE_CHECKING

from reports.checks.table import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, digest, store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_route_of_a_valid_table_passes(tmp_path: Path) -> None:
    """The finding names the table and the route digest."""
    evidence = store(tmp_path).evidence()
    finding = CHECK.judge(evidence, evidence.routes[ROUTE], Targets())
    assert finding.passed
    assert digest() in finding.evidence_text
