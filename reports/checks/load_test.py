"""A load test passed lately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import DAY, TO_GATEWAY, Check, failed, passed
from reports.figures import ago

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "load test"


def judge(evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """The latest one counts, passed or not; it must have loaded the gateway, with this route as it is now."""
    result = evidence.results.get("loadtest")
    if result is None:
        return failed(NAME, "none was run", "run `cutover loadtest run --target gateway`")
    text = f"{result.id}, {ago(result.at, evidence.at)}, {'passed' if result.passed else 'failed'}"
    if "gateway" not in result.body.get("sides", {}):
        return failed(NAME, f"{text}, legacy only", "run `cutover loadtest run --target gateway`")
    if result.body.get("digests", {}).get(route.route, route.digest) != route.digest:
        return failed(NAME, text, "the route has changed since; run it again")
    if not result.passed:
        return failed(NAME, text, "the latest load test failed; mend and run it again")
    if evidence.at - result.at > targets.loadtest_days * DAY:
        return failed(NAME, text, f"older than {targets.loadtest_days:g} days; run it again")
    return passed(NAME, text)


CHECK = Check(NAME, (TO_GATEWAY,), judge)
