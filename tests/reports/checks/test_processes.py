from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from reports.checks.processes import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, Filled, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_no_gateway_running(tmp_path: Path) -> None:
    """A shadow alone is not enough."""
    filled = store(tmp_path)
    filled.process("shadow")
    assert "no gateway is running" in judged(filled).missing_text


def test_a_process_with_old_flags(tmp_path: Path) -> None:
    """A process that has not taken the newest revision over holds the route."""
    filled = store(tmp_path)
    filled.process()
    assert judged(filled).passed
    filled.process("shadow", revision=0)
    filled.stage(Stage.SHADOW)
    filled.process()
    finding = judged(filled)
    assert "shadow 7 has not yet taken flag revision 1" in finding.missing_text
    assert "gateway 127.0.0.1:8800" in finding.evidence_text


def test_a_gateway_that_is_not_ours_needs_no_process_of_ours(tmp_path: Path) -> None:
    """Its address is told; every process there is must have the newest flags all the same."""
    filled = store(tmp_path)
    filled.process("shadow")
    evidence = replace(filled.evidence(), candidate="http://gw.example")
    finding = CHECK.judge(evidence, evidence.routes[ROUTE], Targets())
    assert finding.passed
    assert "the gateway is http://gw.example, which is not ours" in finding.evidence_text
