"""Legacy never had to step in for the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_CLOSED, TO_GATEWAY, Check, failed, passed
from reports.figures import count, percent

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "fallbacks"


def judge(_evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """A fallback is a failure of the gateway, so it is capped like an error."""
    fallbacks = sum(side.fallbacks for side in route.served.values())
    requests = max(fallbacks, sum(side.requests for side in route.served.values()))
    text = f"{count(fallbacks, 'fallback')} in {count(requests, 'request')} since {route.flag.stage} began"
    if not requests:
        return failed(NAME, text, "nothing was served since this stage began")
    if fallbacks / requests > targets.error_excess:
        return failed(NAME, text, f"{percent(fallbacks / requests, 2)} is over {percent(targets.error_excess, 2)}")
    return passed(NAME, text)


CHECK = Check(NAME, (TO_GATEWAY, TO_CLOSED), judge)
