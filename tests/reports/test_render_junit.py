from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.core.routes import Stage
from reports import diff_report, readiness_report, render_junit
from tests.reports import rendering
from tests.reports.builders import ROUTE, WRITE, clean, store, table

if TYPE_CHECKING:
    from pathlib import Path


def test_open_signatures_fail(tmp_path: Path) -> None:
    """A suite per route; open and rejected signatures fail, explained ones and clean routes pass."""
    root = ET.fromstring(render_junit.diffs(rendering.diffs(tmp_path)).encode())
    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    suites = {suite.get("name"): suite for suite in root}
    assert suites[WRITE].find("testcase/failure") is None
    messages = [failure.get("message", "") for failure in suites[ROUTE].iter("failure")]
    assert any("legacy 'old', gateway 'new'" in message for message in messages)


def test_nothing_compared_fails(tmp_path: Path) -> None:
    """Without an observation on the current digests the one case says what to do."""
    made = store(tmp_path, clean(2, digest="before"))
    root = ET.fromstring(render_junit.diffs(diff_report.build(made.db, made.evidence())).encode())
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
    assert "Nothing was compared yet" in next(root.iter("failure")).get("message", "")


def test_missing_checks_fail(tmp_path: Path) -> None:
    """Each check of the next step is a case, failed with what is missing."""
    root = ET.fromstring(render_junit.readiness(rendering.readiness(tmp_path)).encode())
    names = [case.get("name") for case in root.iter("testcase")]
    assert "shadow → canary: parity" in names
    assert any("more agreeing pairs needed" in item.get("message", "") for item in root.iter("failure"))


def test_a_closed_route_passes(tmp_path: Path) -> None:
    """A route that has arrived is one passed case."""
    made = store(tmp_path)
    made.stage(Stage.CLOSED)
    root = ET.fromstring(
        render_junit.readiness(readiness_report.build(made.evidence(), table(), globs=(ROUTE,))).encode()
    )
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
