"""The route table declares the route and exposes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_SHADOW, Check, passed

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "table"


def judge(evidence: Evidence, route: RouteEvidence, _targets: Targets) -> Finding:
    """Evidence exists for exposed routes of a valid table only, so being asked is the proof."""
    return passed(NAME, f"{route.route} is in the valid table of {evidence.platform}, digest {route.digest}")


CHECK = Check(NAME, (TO_SHADOW,), judge)
