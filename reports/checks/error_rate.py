"""The gateway fails no more often than legacy does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_GATEWAY, Check, failed, passed
from reports.figures import count, percent
from reports.nouns import SideServed

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "error rate"


def judge(_evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """Served since the canary began; legacy's share from its own cohort, else from what the shadow compared."""
    gateway = route.served.get("gateway", SideServed())
    legacy = route.served.get("legacy", SideServed())
    requests, errors, source = legacy.requests, legacy.errors, "served"
    if not requests:
        requests, errors, source = route.observed.total, route.legacy_errors, "compared"
    text = f"gateway {_share(gateway.errors, gateway.requests)}, legacy {_share(errors, requests)} ({source})"
    if gateway.requests < targets.min_served:
        more = count(targets.min_served - gateway.requests, "more request")
        return failed(NAME, text, f"{more} served by the gateway needed; raise the canary's percent or wait")
    if not requests:
        return failed(NAME, text, "nothing is known of legacy's own error rate to compare with")
    excess = gateway.errors / gateway.requests - errors / requests
    if excess > targets.error_excess:
        return failed(
            NAME, text, f"{percent(excess, 2)} more than legacy, allowed is {percent(targets.error_excess, 2)}"
        )
    return passed(NAME, text)


def _share(errors: int, requests: int) -> str:
    return f"{count(errors)} of {count(requests, 'request')}"


CHECK = Check(NAME, (TO_GATEWAY,), judge)
