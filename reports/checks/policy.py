"""Nobody would be locked out by the gateway's own policy, or it was accepted that they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_CANARY, Check, failed, passed
from reports.figures import count

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "policy"
_NAMED = 3


def judge(_evidence: Evidence, route: RouteEvidence, _targets: Targets) -> Finding:
    """Would-be refusals since this route digest was first seen, per status and reason."""
    if not route.observed.total:
        return failed(NAME, "no copy was judged", "the gateway's policy was asked about no copy of this route digest")
    if not route.refusals:
        return passed(NAME, f"none of {count(route.subjects, 'subject')} would be refused")
    named = [
        f"{item.signature} ({item.status} {item.reason}: {count(item.subjects, 'subject')})"
        for item in route.refusals[:_NAMED]
    ]
    rest = len(route.refusals) - len(named)
    return failed(
        NAME,
        f"{count(sum(item.subjects for item in route.refusals), 'subject')} would be refused",
        f"mend, or `cutover accept` {'; '.join(named)}{f'; and {rest} more' if rest else ''}",
    )


CHECK = Check(NAME, (TO_CANARY,), judge)
