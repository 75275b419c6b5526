"""A gateway is running, and every process applies the newest flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.criteria import TO_CANARY, TO_GATEWAY, TO_SHADOW, Check, failed, passed

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "processes"


def judge(evidence: Evidence, _route: RouteEvidence, _targets: Targets) -> Finding:
    """A process that was not seen for seconds is not running; one with old flags must catch up first.

    Where another gateway than ours is compared, whether it runs is not known here: copies to it would fail.
    """
    running = ", ".join(f"{item.kind} {item.address}".strip() for item in evidence.processes) or "none is running"
    if evidence.candidate:
        running += f"; the gateway is {evidence.candidate}, which is not ours"
    elif not any(item.kind == "gateway" for item in evidence.processes):
        return failed(NAME, running, "no gateway is running on this store; start `cutover gateway` or `cutover up`")
    behind = [f"{item.kind} {item.pid}" for item in evidence.processes if item.revision < evidence.revision]
    if behind:
        return failed(NAME, running, f"{', '.join(behind)} has not yet taken flag revision {evidence.revision} over")
    return passed(NAME, running)


CHECK = Check(NAME, (TO_SHADOW, TO_CANARY, TO_GATEWAY), judge)
