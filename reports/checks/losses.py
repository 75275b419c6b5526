"""Few enough copies failed, said nothing, or were lost, for the rest to speak for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Bucket
from reports.criteria import TO_CANARY, Check, failed, passed
from reports.figures import percent

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence

NAME = "losses"
LOST = (Bucket.SHED, Bucket.OVERSIZE, Bucket.TIMED_OUT, Bucket.FAILED)


def judge(_evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """Caps three shares: failed pairs, inconclusive pairs, and copies that never became a pair."""
    pairs = route.pairs
    if not pairs.total:
        return failed(NAME, "nothing was compared", "no pair under this route digest")
    lost = sum(route.buckets.get(bucket, 0) for bucket in LOST)
    shares = (
        ("failed", pairs.failed / pairs.total, targets.max_failed_share),
        ("inconclusive", pairs.inconclusive / pairs.total, targets.max_inconclusive_share),
        ("lost", lost / max(1, lost + route.buckets.get(Bucket.COMPARED, 0)), targets.max_lost_share),
    )
    text = ", ".join(f"{percent(share)} {name}" for name, share, _ in shares)
    over = [f"{name} {percent(share)} is over {percent(cap)}" for name, share, cap in shares if share > cap]
    return failed(NAME, text, "; ".join(over)) if over else passed(NAME, text)


CHECK = Check(NAME, (TO_CANARY,), judge)
