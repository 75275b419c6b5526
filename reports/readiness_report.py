"""Every route's readiness for its next step."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reports.bound import lower_bound
from reports.checks.parity import still_needed
from reports.criteria import Targets
from reports.readiness import judge, next_step

if TYPE_CHECKING:
    from gateway.core.table import RouteTable
    from reports.nouns import Evidence, RouteEvidence
    from reports.readiness import Readiness


@dataclass(frozen=True, slots=True)
class RouteReadiness:
    """One route: what is known, the bound of its match rate, and its next step; closed routes have none.

    `more_pairs` is how many further agreeing pairs the parity target asks for.
    """

    evidence: RouteEvidence
    bound: float
    readiness: Readiness | None
    more_pairs: int = 0

    @property
    def ready(self) -> bool:
        """Whether nothing holds the route; a closed one has arrived."""
        return self.readiness is None or self.readiness.ready

    @property
    def missing(self) -> list[str]:
        """What holds it."""
        return [] if self.readiness is None else self.readiness.missing


@dataclass(frozen=True, slots=True)
class ReadinessReport:
    """All asked routes at one moment."""

    at: float
    version: str
    platform: str
    targets: Targets
    routes: tuple[RouteReadiness, ...]

    @property
    def ready(self) -> bool:
        """Whether every route is."""
        return all(route.ready for route in self.routes)


def build(
    evidence: Evidence, table: RouteTable, targets: Targets | None = None, globs: tuple[str, ...] = ("*",)
) -> ReadinessReport:
    """The report over the routes that match any of the globs."""
    targets = targets or Targets()
    routes = tuple(
        _route(evidence, table, seen, targets)
        for seen in evidence.routes.values()
        if any(fnmatchcase(seen.route, glob) for glob in globs)
    )
    return ReadinessReport(evidence.at, evidence.version, evidence.platform, targets, routes)


def _route(evidence: Evidence, table: RouteTable, seen: RouteEvidence, targets: Targets) -> RouteReadiness:
    step = next_step(seen.flag.stage)
    readiness = judge(evidence, table, seen.route, step, targets) if step else None
    bound = lower_bound(seen.pairs.agreed, seen.pairs.trials)
    return RouteReadiness(seen, bound, readiness, still_needed(seen.pairs, targets))
