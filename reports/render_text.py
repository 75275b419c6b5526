"""Reports as plain text tables: readable at 100 columns, without colour."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reports.diff_report import NOTHING_COMPARED
from reports.figures import PAST_THE_SHADOW, WEAKER, ago, count, moment, percent, plain, rate
from reports.noise import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.observation import Difference, Observation
    from reports.diff_report import DiffReport, RouteDiffs, SignatureLine
    from reports.nouns import OpenRefusal
    from reports.readiness_report import ReadinessReport, RouteReadiness

WIDTH = 100
_VALUE = 60
_SHARED = 24
_NAMED = 3


def diffs(report: DiffReport, *, every: bool = False, limit: int | None = None, width: int = WIDTH) -> str:
    """The diff report: signatures per route, open ones only unless `every`."""
    parts: list[object] = [_heading("Differences", report.platform, report.at), *_between(report)]
    parts += [part for route in report.routes for part in _route(route, report.at, every=every, limit=limit)]
    if every:
        parts += _exercised(report)
    parts.append(f"{count(report.open, 'open signature')}, {count(report.explained)} explained.")
    parts += [_next(report), PAST_THE_SHADOW]
    return _print(parts, width)


def readiness(report: ReadinessReport, *, width: int = WIDTH) -> str:
    """The readiness report: one line per route, then what each waiting route misses."""
    table = _table("route", "stage", "next", "ready", "match rate ≥", "pairs", "latency ratio", "open")
    for column in table.columns[4:]:
        column.justify = "right"
    for route in report.routes:
        table.add_row(*_ready_cells(route))
    parts: list[object] = [_heading("Readiness", report.platform, report.at), table]
    for route in report.routes:
        parts += _missing(route)
    ready = sum(route.ready for route in report.routes)
    parts.append(f"{ready} of {count(len(report.routes), 'route')} ready for the next step.")
    parts.append(PAST_THE_SHADOW)
    return _print(parts, width)


def samples(found: Iterable[Observation], signature: str, *, width: int = WIDTH) -> str:
    """Samples of one signature, every difference of each side by side."""
    parts: list[object] = []
    for item in found:
        parts.append(
            f"{item.id}  {moment(item.at)}  {item.route}  {item.mode} {item.source}  {item.verdict}"
            f"  legacy {item.legacy_status or '-'}, gateway {item.gateway_status or '-'}"
        )
        parts.append(_side_by_side(item, signature))
    return _print(parts or ["No sample of it is stored."], width)


def observed(found: Iterable[Observation], verdict: str, *, width: int = WIDTH) -> str:
    """Single observations of one verdict, a line each."""
    table = _table("observation", "when", "route", "mode", "legacy", "gateway", "differs in")
    for item in found:
        places = ", ".join(f"{entry.location} {entry.path}" for entry in item.differences) or item.note
        statuses = (str(status or "-") for status in (item.legacy_status, item.gateway_status))
        table.add_row(item.id, moment(item.at), item.route, item.mode, *statuses, _cell(places))
    return _print([f"Observations with verdict {verdict}, newest first", table], width)


def _route(route: RouteDiffs, now: float, *, every: bool, limit: int | None) -> list[object]:
    lines = (route.lines if every else route.open)[:limit]
    seen = route.evidence
    left = len(route.lines if every else route.open) - len(lines)
    if not lines and not seen.refusals:
        return []
    summary = f"{count(seen.observed.total, 'observation')}, {_verdicts(route)}, {_bound(route)}"
    if seen.exercised.total:
        summary += (
            f"; apart from them {count(seen.exercised.total, 'exercise')}, {count(seen.exercised.agreed)} alike"
        )
    parts: list[object] = [f"{seen.route} ({seen.flag.stage}): {summary}"]
    table = _table("signature", "kind", "seen", "share", "last", "standing", "where, and legacy → gateway")
    for line in lines:
        item = line.seen
        table.add_row(
            item.signature,
            item.kind,
            count(item.count),
            percent(line.share),
            ago(item.last_seen, now),
            line.standing,
            _cell(f"{item.location} {item.pattern}").append(_change(line.difference)).append(_beside(line)),
        )
    if lines:
        parts.append(table)
    if left:
        parts.append(f"  and {left} more; --limit shows more")
    return [*parts, *(_refusal(item, now) for item in seen.refusals)]


def _exercised(report: DiffReport) -> list[object]:
    table = _table("exercised route", "shape", "times", "found", "last")
    for route in report.routes:
        for one in route.evidence.exercises:
            shape = _cell(one.shape or "without parameters")
            times = count(one.verdicts.total)
            table.add_row(route.evidence.route, shape, times, one.told, ago(one.last_seen, report.at))
    return [WEAKER, table] if table.row_count else []


def _refusal(item: OpenRefusal, now: float) -> str:
    who = ", ".join(f"{plain(one.subject, _VALUE)} ({count(one.count)})" for one in item.who[:_NAMED])
    more = f" and {item.subjects - _NAMED} more" if item.subjects > _NAMED else ""
    return (
        f"  would refuse {count(item.subjects, 'subject')}: {item.status} {plain(item.reason, _VALUE)}"
        f" ({item.signature}, first {ago(item.first_seen, now)}, last {ago(item.last_seen, now)}): {who}{more}"
    )


def _verdicts(route: RouteDiffs) -> str:
    tally = route.evidence.observed
    named = (
        ("match", tally.match),
        ("expected", tally.expected),
        ("mismatch", tally.mismatch),
        ("inconclusive", tally.inconclusive),
        ("failed", tally.failed),
    )
    return ", ".join(f"{count(number)} {name}" for name, number in named if number) or "all of another route digest"


def _bound(route: RouteDiffs) -> str:
    return f"match rate ≥ {rate(route.bound)}" if route.evidence.pairs.trials else "match rate unknown"


def _next(report: DiffReport) -> str:
    if not report.compared:
        return NOTHING_COMPARED
    if not report.open:
        return "Nothing waits for review." if not _between(report) else "Nothing that was seen then waits for review."
    return "Look: cutover diffs --signature SIG. Decide: cutover accept|tolerate|reject SIG --reason TEXT."


def _ready_cells(route: RouteReadiness) -> list[str]:
    seen, ratio = route.evidence, route.evidence.latency.ratio
    stage = f"canary {seen.flag.percent:g} %" if seen.flag.stage == "canary" else str(seen.flag.stage)
    return [
        seen.route,
        stage,
        str(route.readiness.step.after) if route.readiness else "-",
        "yes" if route.ready else f"no ({len(route.missing)})",
        rate(route.bound) if seen.pairs.trials else "-",
        count(seen.pairs.trials),
        f"{ratio:.2f}" if ratio is not None else "-",
        str(len(seen.open)),
    ]


def _missing(route: RouteReadiness) -> list[object]:
    if route.ready or route.readiness is None:
        return []
    table = Table.grid(padding=(0, 1))
    table.add_column(width=2)
    table.add_column(min_width=12, no_wrap=True)
    table.add_column(overflow="fold")
    for finding in route.readiness.findings:
        if not finding.passed:
            table.add_row("", finding.check, _cell(finding.missing_text, None))
    return [f"{route.evidence.route}, {route.readiness.step}, misses:", table]


def _side_by_side(item: Observation, signature: str) -> Table:
    table = _table("where", "legacy", "gateway", "explained by")
    for entry in item.differences:
        mark = "▶ " if entry.signature(item.route) == signature else "  "
        where = _cell(f"{mark}{entry.location} {entry.path} ({entry.kind})", None)
        table.add_row(where, _cell(entry.legacy, 2000), _cell(entry.gateway, 2000), entry.by or "nothing")
    return table


def _change(difference: Difference | None) -> str:
    if difference is None:
        return ""
    legacy, gateway = plain(difference.legacy, _VALUE) or "∅", plain(difference.gateway, _VALUE) or "∅"
    # Two values that share a line are told apart at a glance only while the line does not wrap.
    between = " " if len(legacy) + len(gateway) <= _SHARED else "\n  "
    return f"\n  {legacy}{between}→ {gateway}"


def _beside(line: SignatureLine) -> str:
    noise = told(line.seen.noise) if line.seen.noise else ""
    return "".join(f"\n  {said}" for said in (line.means, noise) if said)


def _between(report: DiffReport) -> list[str]:
    bounds = [("since", report.since), ("before", report.until)]
    said = " and ".join(f"{word} {moment(at)}" for word, at in bounds if at is not None)
    return [f"What was seen {said}; counts are of all times."] if said else []


def _heading(title: str, platform: str, at: float) -> str:
    return f"{title} · {platform} · {moment(at)}"


def _cell(text: str, limit: int | None = 200) -> Text:
    """Recorded text: never read as markup, controls shown."""
    return Text(plain(text, limit), overflow="fold")


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print(parts: Iterable[object], width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
