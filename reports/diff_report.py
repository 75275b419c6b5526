"""The differences of every route, grouped by signature, with a sample and what explains each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.store import observations
from reports.bound import lower_bound
from reports.explained import signature_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from gateway.core.observation import Difference, Observation, Rule
    from reports.nouns import Evidence, OpenRefusal, RouteEvidence, SignatureSeen


NOTHING_COMPARED = (
    "Nothing was compared yet on the current route digests: play the dashboard's traffic through the shadow,"
    " or a recording with `cutover replay FILE --against embedded --record`."
)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature as reported: `share` of the route's observations, its newest sample, and the decision on it."""

    seen: SignatureSeen
    share: float
    difference: Difference | None
    sample: Observation | None
    rule: Rule | None

    @property
    def standing(self) -> str:
        """`open`, `rejected`, or what explains it."""
        return self.seen.by or ("rejected" if self.seen.rejected else "open")

    @property
    def means(self) -> str:
        """Up to where a reviewed rule holds that names a meaning; empty for any other."""
        if self.rule is None or not self.rule.meaning:
            return ""
        return f"{self.rule.decision} as {self.rule.meaning}{'' if self.seen.by else ', and some lie beyond it'}"


@dataclass(frozen=True, slots=True)
class RouteDiffs:
    """One route's differences, open ones first."""

    evidence: RouteEvidence
    bound: float
    lines: tuple[SignatureLine, ...]

    @property
    def open(self) -> tuple[SignatureLine, ...]:
        """Lines that nothing explains."""
        return tuple(line for line in self.lines if not line.seen.by)


@dataclass(frozen=True, slots=True)
class DiffReport:
    """Every route that was compared, or that has anything to review.

    With `since` or `until` (epoch seconds) only what was seen then; its counts stay those of all times.
    """

    at: float
    version: str
    platform: str
    routes: tuple[RouteDiffs, ...]
    buckets: Mapping[str, int] = field(default_factory=dict)
    since: float | None = None
    until: float | None = None

    @property
    def open(self) -> int:
        """Open signatures over all routes."""
        return sum(len(route.open) for route in self.routes)

    @property
    def compared(self) -> int:
        """Observations on the current digests, over all routes."""
        return sum(route.evidence.observed.total for route in self.routes)

    @property
    def clean(self) -> bool:
        """Whether something was compared and nothing is open: missing data never passes."""
        return self.compared > 0 and not self.open

    @property
    def explained(self) -> int:
        """Explained signatures over all routes."""
        return sum(len(route.lines) for route in self.routes) - self.open


def build(connection: sqlite3.Connection, evidence: Evidence, globs: tuple[str, ...] = ("*",)) -> DiffReport:
    """The report over the routes that match any of the globs; routes without any observation are left out."""
    rules = observations.rules(connection)
    routes = tuple(
        _route(connection, seen, rules)
        for seen in evidence.routes.values()
        if any(fnmatchcase(seen.route, glob) for glob in globs)
        and (seen.observed.total or seen.stale or seen.exercised.total)
    )
    return DiffReport(evidence.at, evidence.version, evidence.platform, routes, evidence.buckets)


def between(report: DiffReport, since: float | None, until: float | None) -> DiffReport:
    """The report over signatures and would-be refusals that were last seen from `since` on, first before `until`.

    Both in epoch seconds, None for no bound. What was seen before and after is in it: counts know no more of time.
    """
    if since is None and until is None:
        return report
    first, end = -math.inf if since is None else since, math.inf if until is None else until

    def seen(item: SignatureSeen | OpenRefusal) -> bool:
        return item.last_seen >= first and item.first_seen < end

    routes = tuple(
        replace(
            route,
            lines=tuple(line for line in route.lines if seen(line.seen)),
            evidence=replace(route.evidence, refusals=tuple(item for item in route.evidence.refusals if seen(item))),
        )
        for route in report.routes
    )
    return replace(report, routes=routes, since=since, until=until)


def _route(connection: sqlite3.Connection, seen: RouteEvidence, rules: Mapping[str, Rule]) -> RouteDiffs:
    lines = tuple(_line(connection, seen, item, rules) for item in seen.signatures)
    return RouteDiffs(seen, lower_bound(seen.pairs.agreed, seen.pairs.trials), lines)


def _line(
    connection: sqlite3.Connection, route: RouteEvidence, item: SignatureSeen, rules: Mapping[str, Rule]
) -> SignatureLine:
    sample = observations.find(connection, item.sample)
    found = [
        difference
        for difference in (sample.differences if sample else ())
        if signature_of(route.route, difference.location, difference.path, difference.kind) == item.signature
    ]
    share = min(1.0, item.observations / route.observed.total) if route.observed.total else 0.0
    return SignatureLine(item, share, found[0] if found else None, sample, rules.get(item.signature))
