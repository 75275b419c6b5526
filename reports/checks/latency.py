"""The gateway is not much slower than legacy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_GATEWAY, Check, failed, passed
from reports.figures import count, seconds
from reports.nouns import SideServed

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "latency"


def judge(_evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """The ratio of medians over pairs; where pairs deliver nothing (writes), of the means of what was served."""
    legacy, gateway, text = _sides(route, targets)
    if not legacy or not gateway:
        return failed(NAME, text, f"latencies of both sides needed, {targets.min_pairs} pairs or served by each side")
    ratio = gateway / legacy
    text = f"gateway {seconds(gateway)}, legacy {seconds(legacy)}: ratio {ratio:.2f} ({text})"
    if ratio > targets.latency_ratio:
        return failed(NAME, text, f"the ratio must not exceed {targets.latency_ratio:g}")
    return passed(NAME, text)


def _sides(route: RouteEvidence, targets: Targets) -> tuple[float, float, str]:
    if route.latency.pairs >= targets.min_pairs:
        return route.latency.legacy, route.latency.gateway, f"medians of {count(route.latency.pairs, 'pair')}"
    sides = [route.served.get(name, SideServed()) for name in ("legacy", "gateway")]
    if min(side.requests for side in sides) >= targets.min_pairs:
        legacy, gateway = (side.seconds / side.requests for side in sides)
        return legacy, gateway, f"means of {count(sides[0].requests)} and {count(sides[1].requests)} served"
    return 0.0, 0.0, f"{count(route.latency.pairs, 'pair')} with both latencies"


CHECK = Check(NAME, (TO_GATEWAY,), judge)
