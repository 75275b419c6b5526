"""One row for each exposed route: stage, share, match rate with bound, latency ratio, blockers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from migrate.rollout.move import standing
from reports.bound import lower_bound
from reports.figures import percent, rate, seconds
from reports.readiness import blockers, next_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from reports.criteria import Targets
    from reports.nouns import Evidence, RouteEvidence

_COLOURS = {"legacy": "", "shadow": "cyan", "canary": "yellow", "gateway": "green", "closed": "bold green"}


@dataclass(frozen=True, slots=True)
class Row:
    """A route with its evidence and what keeps it from the next stage."""

    route: Route
    evidence: RouteEvidence
    blockers: tuple[str, ...]

    @property
    def match_rate(self) -> float | None:
        """Agreeing pairs over all that say anything; None without any."""
        pairs = self.evidence.pairs
        return pairs.agreed / pairs.trials if pairs.trials else None

    @property
    def bound(self) -> float | None:
        """The lower bound of the match rate at 95 %; None without pairs."""
        pairs = self.evidence.pairs
        return lower_bound(pairs.agreed, pairs.trials) if pairs.trials else None

    def to_json(self) -> dict[str, Any]:
        """What --json prints."""
        flag = self.evidence.flag
        step = next_step(flag.stage)
        return {
            "route": self.route.id,
            "service": self.route.service,
            "legacy": str(self.route.legacy),
            "gateway": str(self.route.gateway),
            "stage": str(flag.stage),
            "percent": flag.percent,
            "named": list(flag.named),
            "revision": flag.revision,
            "by": flag.by,
            "at": flag.at,
            "reason": flag.reason,
            "sunset": flag.sunset,
            "forced": flag.forced,
            "pairs": self.evidence.pairs.trials,
            "match_rate": self.match_rate,
            "bound": self.bound,
            "latency_ratio": self.evidence.latency.ratio,
            "buckets": [[*key, count] for key, count in sorted(self.evidence.reasons.items())],
            "pace": asdict(self.evidence.pace) if self.evidence.pace else None,
            "next": str(step.after) if step else None,
            "blockers": list(self.blockers),
        }


def rows(table: RouteTable, evidence: Evidence, routes: Sequence[Route], targets: Targets | None = None) -> list[Row]:
    """A row for each of these exposed routes; `targets` are what readiness is judged by."""
    return [
        Row(route, evidence.routes[route.id], tuple(blockers(evidence, table, route.id, targets=targets)))
        for route in routes
    ]


def stage_table(found: Sequence[Row]) -> Table:
    """Every row for people; of the blockers only the first is named."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("route", no_wrap=True)
    shown.add_column("stage", no_wrap=True)
    for title in ("pairs", "match rate", "≥ at 95 %", "latency"):
        shown.add_column(title, justify="right", no_wrap=True)
    shown.add_column("what holds it")
    for row in found:
        shown.add_row(row.route.id, _stage(row), *_numbers(row), _held(row))
    return shown


def detail(row: Row) -> Text:
    """One route in full."""
    flag, route = row.evidence.flag, row.route
    pairs, matched, bound, latency = _numbers(row)
    lines = [
        f"{route.id}  ({route.service}, {route.effect}, {route.access})",
        f"  legacy   {', '.join(str(target) for target in route.legacy_targets)}",
        f"  gateway  {route.gateway}",
        f"  stage    {standing(flag)}"
        + (f", since {_moment(flag.at)} by {flag.by}: {flag.reason}" if flag.by else ""),
        f"  pairs    {pairs}, match rate {matched}, at least {bound} at 95 %",
        f"  latency  {latency}",
    ]
    lines += _landed(row.evidence)
    step = next_step(flag.stage)
    if step:
        lines.append(f"  to {step.after}: " + ("ready" if not row.blockers else ""))
    lines += [f"    {blocker}" for blocker in row.blockers]
    return Text("\n".join(line.rstrip() for line in lines))


def _landed(evidence: RouteEvidence) -> list[str]:
    """Where the route's requests landed, and how fast its service is copied where that is not all of them."""
    lines = []
    if evidence.buckets:
        lines.append("  requests " + ", ".join(_bucket(evidence, name) for name in sorted(evidence.buckets)))
    pace = evidence.pace
    if pace is not None and pace.share < 1:
        lines.append(
            f"  pace     {percent(pace.share)} of {pace.service}'s copies are made:"
            f" {pace.route} begins to answer after {seconds(pace.seconds)}, at best after {seconds(pace.usual)}"
        )
    return lines


def _bucket(evidence: RouteEvidence, bucket: str) -> str:
    why = [
        f"{count} {reason}" for (name, reason), count in sorted(evidence.reasons.items()) if name == bucket and reason
    ]
    return f"{evidence.buckets[bucket]} {bucket}" + (f" ({', '.join(why)})" if why else "")


def _stage(row: Row) -> Text:
    flag = row.evidence.flag
    return Text(standing(flag), style=_COLOURS[flag.stage])


def _numbers(row: Row) -> tuple[str, str, str, str]:
    ratio = row.evidence.latency.ratio
    return (
        str(row.evidence.pairs.trials),
        "-" if row.match_rate is None else rate(row.match_rate),
        "-" if row.bound is None else rate(row.bound),
        "-" if ratio is None else f"{ratio:.2f}x",
    )


def _held(row: Row) -> str:
    if not row.blockers:
        return "ready" if next_step(row.evidence.flag.stage) else ""
    more = f" (+{len(row.blockers) - 1})" if len(row.blockers) > 1 else ""
    return row.blockers[0] + more


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
