"""A load test that put load on the route passed lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import DAY, TO_GATEWAY, Check, failed, passed
from reports.figures import ago, count

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, Loaded, RouteEvidence

NAME = "load test"
_RUN = "run `cutover loadtest run --target gateway`"


def judge(evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """The newest one that loaded the route at the gateway counts; it was whole, fresh, large enough, and passed."""
    found = route.loaded
    if route.load_exempt and (found is None or not found.reasons):
        return passed(NAME, "declared to be put under no load (loadtest: exempt)")
    if found is None:
        if "loadtest" in evidence.results:
            return failed(NAME, "none loaded this route at the gateway", f"{_RUN}, longer or with more users")
        return failed(NAME, "none was run", _RUN)
    text = (
        f"{found.run}, {ago(found.at, evidence.at)}: {count(found.answers, 'answer')} of this route,"
        f" p95 {found.p95_ms:.0f} ms"
    )
    missing = _missing(found, route, targets, evidence.at - found.at)
    return failed(NAME, text, missing) if missing else passed(NAME, text)


def _missing(found: Loaded, route: RouteEvidence, targets: Targets, age: float) -> str:
    if found.digest != route.digest:
        return "the route has changed since; run it again"
    if found.partial:
        return "it was ended early, which proves nothing; run it again"
    if found.reasons:
        return f"{found.reasons[0]}; mend and run it again"
    if found.answers < targets.loadtest_answers:
        return f"too small a load: it takes {targets.loadtest_answers} answers of this route; run it longer"
    if age > targets.loadtest_days * DAY:
        return f"older than {targets.loadtest_days:g} days; run it again"
    return ""


CHECK = Check(NAME, (TO_GATEWAY,), judge)
