"""Reports as one self-contained HTML file: no script, nothing loaded, recorded text always escaped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports import charts, figures, render_json
from reports.diff_report import NOTHING_COMPARED
from reports.marking import mark
from reports.noise import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.diff_report import DiffReport
    from reports.readiness_report import ReadinessReport

_SHORT = 320
_WHOLE = 3000


def diffs(report: DiffReport) -> str:
    """The diff report as a page."""
    return _page("diffs.html", report=report, digest=render_json.diffs(report)["digest"])


def readiness(report: ReadinessReport) -> str:
    """The readiness report as a page."""
    return _page("readiness.html", report=report, digest=render_json.readiness(report)["digest"])


def _page(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        charts=charts,
        mark=mark,
        short=_SHORT,
        nothing_compared=NOTHING_COMPARED,
        past=figures.PAST_THE_SHADOW,
        weaker=figures.WEAKER,
    )
    environment.filters.update(
        ago=figures.ago,
        count=figures.count,
        moment=figures.moment,
        noise=told,
        percent=figures.percent,
        plain=figures.plain,
        rate=figures.rate,
        seconds=figures.seconds,
        target=figures.target,
        exchange=_exchange,
        folded=_folded,
    )
    return environment


def _exchange(value: Mapping[str, Any]) -> str:
    """A redacted exchange as indented JSON."""
    return "\n".join(_folded(line) for line in _cut(json.dumps(value, indent=1, ensure_ascii=False)).split("\n"))


def _folded(text: str) -> str:
    return figures.plain(_cut(text))


def _cut(text: str) -> str:
    """Text cut where a page of hundreds of signatures would get too heavy; the JSON report has it whole."""
    left = len(text) - _WHOLE
    return text if left <= 0 else f"{text[:_WHOLE]}… {left} characters cut"
