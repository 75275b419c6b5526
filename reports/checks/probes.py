"""Security probes passed lately, on the route as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import DAY, TO_CANARY, Check, failed, passed
from reports.figures import ago, count

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "probes"


def judge(evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """The latest run that asked about this route counts: fresh, of this digest, and complete without a failure."""
    found, again = route.probed, f"run `cutover probe {route.route}`"
    if found is None:
        return failed(NAME, "none was made", again)
    text = f"{count(len(found.passed), 'probe')} passed, {ago(found.at, evidence.at)}"
    if found.digest != route.digest:
        return failed(NAME, text, f"the route has changed since; {again}")
    if found.failed:
        return failed(NAME, f"{text}; failed: {', '.join(found.failed)}", f"mend what fails, then {again}")
    if found.not_asked or not found.passed:
        missing = ", ".join(found.not_asked) or "anything"
        return failed(NAME, f"{text}; not asked: {missing}", f"{again}, which says what it needs")
    if evidence.at - found.at > targets.probe_days * DAY:
        return failed(NAME, text, f"older than {targets.probe_days:g} days; {again}")
    return passed(NAME, text)


CHECK = Check(NAME, (TO_CANARY,), judge)
