"""Whether a route may take its next step, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.errors import UsageError
from reports.checks import CHECKS
from reports.criteria import STEPS, Finding, Step, Targets

if TYPE_CHECKING:
    from gateway.core.routes import Stage
    from gateway.core.table import RouteTable
    from reports.nouns import Evidence


@dataclass(frozen=True, slots=True)
class Readiness:
    """The judgement of one route for one step; ready when every check of the step passed."""

    route: str
    step: Step
    findings: tuple[Finding, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return all(finding.passed for finding in self.findings)

    @property
    def missing(self) -> list[str]:
        """What is missing, one text per check that did not pass."""
        return [f"{finding.check}: {finding.missing_text}" for finding in self.findings if not finding.passed]


def next_step(stage: Stage) -> Step | None:
    """The step forward from a stage; None from `closed`."""
    return next((step for step in STEPS if step.before is stage), None)


def judge(
    evidence: Evidence, table: RouteTable, route_id: str, step: Step, targets: Targets | None = None
) -> Readiness:
    """Every check of this step on this route.

    Raises:
        UsageError: the table has no such exposed route.
    """
    route = table.route(route_id)
    if route is None or route.gateway is None or route_id not in evidence.routes:
        raise UsageError(f"no exposed route {route_id}; `cutover routes` lists them")
    seen = evidence.routes[route_id]
    findings = [check.judge(evidence, seen, targets or Targets()) for check in CHECKS if step in check.steps]
    return Readiness(route_id, step, tuple(findings))


def blockers(
    evidence: Evidence, table: RouteTable, route_id: str, step: Step | None = None, targets: Targets | None = None
) -> list[str]:
    """What keeps a route from a step (by default the next one from where its flag stands); empty when ready."""
    step = step or next_step(evidence.routes[route_id].flag.stage if route_id in evidence.routes else STEPS[0].before)
    return judge(evidence, table, route_id, step, targets).missing if step else []
