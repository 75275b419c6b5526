"""Reports as JUnit XML for CI: a suite per route, a case per check or signature."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from reports.diff_report import NOTHING_COMPARED
from reports.figures import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.diff_report import DiffReport, SignatureLine
    from reports.readiness_report import ReadinessReport

Case = tuple[str, str]
"""A name, and what is wrong; empty when nothing is."""


def diffs(report: DiffReport) -> str:
    """Each signature is a case; open and rejected ones fail, and so does a report of nothing compared."""
    suites = [
        (route.evidence.route, [_signature(line) for line in route.lines] or [("no difference", "")])
        for route in report.routes
        if route.evidence.observed.total
    ] or [("*", [("something was compared", NOTHING_COMPARED)])]
    return _document("cutover diffs", suites)


def readiness(report: ReadinessReport) -> str:
    """Each check of the next step is a case."""
    suites = (
        (
            route.evidence.route,
            [
                (f"{route.readiness.step}: {finding.check}", finding.missing_text)
                for finding in route.readiness.findings
            ]
            if route.readiness
            else [("closed", "")],
        )
        for route in report.routes
    )
    return _document("cutover readiness", suites)


def _signature(line: SignatureLine) -> Case:
    seen, difference = line.seen, line.difference
    name = f"{seen.signature} {seen.location} {seen.pattern} {seen.kind}"
    if seen.by:
        return name, ""
    values = f": legacy {difference.legacy!r}, gateway {difference.gateway!r}" if difference else ""
    return name, f"{line.standing}, seen {seen.count} times{values}"


def _document(name: str, suites: Iterable[tuple[str, list[Case]]]) -> str:
    root = ET.Element("testsuites", name=name)
    for route, cases in suites:
        failures = sum(bool(wrong) for _, wrong in cases)
        suite = ET.SubElement(
            root, "testsuite", name=route, tests=str(len(cases)), failures=str(failures), errors="0"
        )
        for title, wrong in cases:
            case = ET.SubElement(suite, "testcase", classname=route, name=plain(title))
            if wrong:
                ET.SubElement(case, "failure", message=plain(wrong, 2000))
    for key in ("tests", "failures"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
