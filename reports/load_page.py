"""A load test's result as one self-contained HTML page, and as JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.core.objectives import Aim
from loadtests import show, verdict
from loadtests.judge import Outcome
from loadtests.results import GATEWAY, LEGACY
from reports import figures, load_charts

if TYPE_CHECKING:
    from loadtests.results import LoadResult


def html(result: LoadResult) -> str:
    """The page: verdict, charts, figures, objectives, conditions; no script, nothing loaded, text escaped."""
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(moment=figures.moment, plain=figures.plain)
    sides = [side for side in (LEGACY, GATEWAY) if side in result.sides]
    return environment.get_template("load.html").render(
        result=result,
        platform=result.platform,
        load=show.load(result),
        duration=show.duration(result.run_time),
        charts=load_charts,
        sides=sides,
        histograms={side: result.sides[side].overall.histogram for side in sides},
        bounds={item.route: item.bound for item in result.judgements if item.aim is Aim.RATIO},
        judgements=[
            (
                item,
                verdict.sentence(item) if item.fails or item.outcome is not Outcome.FEW else verdict.open_line(item),
            )
            for item in sorted(result.judgements, key=lambda item: not item.fails)
        ],
        comparison=list(show.comparison_lines(result)),
    )


def junit(result: LoadResult) -> str:
    """A suite per route, a case per objective; what is not about an objective is a case of the run.

    Objectives that too few answers leave open are skipped, not passed.
    """
    root = ET.Element("testsuites", name="cutover loadtest")
    judged = {verdict.sentence(item) for item in result.judgements if item.fails}
    others = [reason for reason in result.reasons if reason not in judged]
    _suite(root, "run", [("the run", reason, "") for reason in others] or [("the run", "", "")])
    routes = dict.fromkeys(item.route for item in result.judgements)
    for route in routes:
        cases = [
            (
                f"{item.aim} within {verdict.bound(item)}",
                verdict.sentence(item) if item.fails else "",
                verdict.open_line(item) if item.outcome is Outcome.FEW and not item.fails else "",
            )
            for item in result.judgements
            if item.route == route
        ]
        _suite(root, route, cases)
    for key in ("tests", "failures", "skipped"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, cases: list[tuple[str, str, str]]) -> None:
    """Each case has a title, what is wrong, and what leaves it open; one of both at most."""
    counts = {"failures": sum(bool(wrong) for _, wrong, _ in cases), "skipped": sum(bool(few) for *_, few in cases)}
    numbers = {key: str(count) for key, count in counts.items()}
    suite = ET.SubElement(root, "testsuite", {"name": name, "tests": str(len(cases)), "errors": "0", **numbers})
    for title, wrong, few in cases:
        case = ET.SubElement(suite, "testcase", classname=name, name=figures.plain(title))
        for tag, text in (("failure", wrong), ("skipped", few)):
            if text:
                ET.SubElement(case, tag, message=figures.plain(text, 2000))
