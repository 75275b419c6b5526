"""Reports as Markdown for a pull request; recorded text stands in code spans, where nothing is a link or a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.diff_report import NOTHING_COMPARED
from reports.figures import PAST_THE_SHADOW, WEAKER, count, moment, percent, plain, rate, target
from reports.noise import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.diff_report import DiffReport, RouteDiffs, SignatureLine
    from reports.nouns import RouteEvidence
    from reports.readiness_report import ReadinessReport, RouteReadiness

_VALUE = 120


def diffs(report: DiffReport) -> str:
    """The diff report."""
    head = [
        f"## Differences: {_text(report.platform)}",
        "",
        f"{moment(report.at)} · **{count(report.open, 'open signature')}**, {count(report.explained)} explained.",
        "",
    ]
    rest = ["", *_exercised(route.evidence for route in report.routes), PAST_THE_SHADOW, ""]
    rows = [row for route in report.routes for row in _diff_rows(route)]
    if not rows:
        said = "No difference." if report.compared else NOTHING_COMPARED
        return "\n".join([*head, said, *rest])
    table = ["| route | signature | where | kind | seen | share | legacy | gateway | standing |"]
    table += ["|---|---|---|---|---:|---:|---|---|---|", *rows, *rest]
    return "\n".join(head + table)


def readiness(report: ReadinessReport) -> str:
    """The readiness report."""
    ready = sum(route.ready for route in report.routes)
    summary = f"**{ready} of {count(len(report.routes), 'route')} ready for the next step**"
    head = [
        f"## Readiness: {_text(report.platform)}",
        "",
        f"{moment(report.at)} · {summary} (parity target {target(report.targets.parity)}).",
        "",
        "| route | stage | next | ready | match rate ≥ | pairs | missing |",
        "|---|---|---|---|---:|---:|---|",
    ]
    exercised = _exercised(route.evidence for route in report.routes)
    return "\n".join([*head, *(_ready_row(route) for route in report.routes), "", *exercised, PAST_THE_SHADOW, ""])


def _exercised(routes: Iterable[RouteEvidence]) -> list[str]:
    rows = [
        _row(
            _code(seen.route),
            _code(one.shape) or "without parameters",
            count(one.verdicts.total),
            f"{one.told} (weaker)",
            moment(one.first_seen),
            moment(one.last_seen),
        )
        for seen in routes
        for one in seen.exercises
    ]
    if not rows:
        return []
    head = ["| route | shape | times | found | first | last |", "|---|---|---:|---|---|---|"]
    return ["### Exercised: weaker evidence", "", WEAKER, "", *head, *rows, ""]


def _diff_rows(route: RouteDiffs) -> list[str]:
    return [
        _row(
            _code(route.evidence.route),
            _code(line.seen.signature),
            _code(f"{line.seen.location} {line.seen.pattern}"),
            line.seen.kind,
            count(line.seen.count),
            percent(line.share),
            _code(line.difference.legacy if line.difference else ""),
            _code(line.difference.gateway if line.difference else ""),
            "<br>".join(_standing(line)),
        )
        for line in route.lines
    ]


def _standing(line: SignatureLine) -> list[str]:
    standing = "**open**" if line.standing == "open" else _text(line.standing)
    noise = told(line.seen.noise) if line.seen.noise else ""
    return [standing, *(_text(said) for said in (line.means, noise) if said)]


def _ready_row(route: RouteReadiness) -> str:
    seen = route.evidence
    return _row(
        _code(seen.route),
        str(seen.flag.stage),
        str(route.readiness.step.after) if route.readiness else "",
        "yes" if route.ready else "**no**",
        rate(route.bound) if seen.pairs.trials else "",
        count(seen.pairs.trials),
        "<br>".join(_text(item) for item in route.missing),
    )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _code(text: str) -> str:
    """A code span that ends where it should, inside a table cell."""
    safe = plain(text, _VALUE).replace("`", "'").replace("|", "\\|")
    return f"`{safe}`" if safe.strip() else ""


def _text(text: str) -> str:
    """Plain text in which nothing is markup, a mention or a link."""
    out = "".join(f"\\{char}" if char in r"\`*_{}[]()#+!|~$" else char for char in plain(text))
    return out.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")
