"""The gateway has served alone for long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from reports.criteria import DAY, TO_CLOSED, Check, failed, passed
from reports.figures import ago, count
from reports.nouns import SideServed

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "quiet"


def judge(evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """Nothing served by legacy in the quiet period, something by the gateway, and the stage held all the time."""
    legacy = route.served.get("legacy", SideServed())
    gateway = route.served.get("gateway", SideServed())
    held = (evidence.at - route.stage_since) / DAY if route.flag.stage is Stage.GATEWAY else 0.0
    text = (
        f"in gateway for {held:.1f} days: {count(gateway.requests, 'request')} served by the gateway,"
        f" {count(legacy.requests)} by legacy"
    )
    if not gateway.requests:
        return failed(NAME, text, "the gateway has served nothing of this route in stage gateway")
    if held < targets.quiet_days:
        return failed(NAME, text, f"{targets.quiet_days - held:.1f} more days in stage gateway")
    if legacy.last > evidence.at - targets.quiet_days * DAY:
        return failed(NAME, text, f"legacy served {ago(legacy.last, evidence.at)}; find the caller")
    return passed(NAME, text)


CHECK = Check(NAME, (TO_CLOSED,), judge)
