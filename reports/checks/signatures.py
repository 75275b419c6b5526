"""Every difference is explained: by a class, a declared change, or a live rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_CANARY, TO_GATEWAY, Check, failed, passed
from reports.figures import count

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "signatures"
_NAMED = 3


def judge(_evidence: Evidence, route: RouteEvidence, _targets: Targets) -> Finding:
    """A rejected signature stays open until the gateway is mended, which starts a new digest."""
    explained = len(route.signatures) - len(route.open)
    text = f"{count(len(route.open), 'open signature')}, {count(explained)} explained"
    if not route.observed.total:
        return failed(NAME, text, "nothing was compared under this route digest")
    if not route.open:
        return passed(NAME, text)
    named = [
        f"{item.signature} ({item.location} {item.pattern} {item.kind}{', rejected' if item.rejected else ''})"
        for item in route.open[:_NAMED]
    ]
    rest = len(route.open) - len(named)
    return failed(
        NAME, text, f"mend or review {'; '.join(named)}{f'; and {rest} more' if rest else ''}: `cutover diffs`"
    )


CHECK = Check(NAME, (TO_CANARY, TO_GATEWAY), judge)
