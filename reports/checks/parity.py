"""The lower bound of the match rate reaches the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.bound import lower_bound, pairs_needed
from reports.criteria import TO_CANARY, Check, failed, passed
from reports.figures import count, rate, target

if TYPE_CHECKING:
    from reports.criteria import Finding, Targets
    from reports.nouns import Evidence, RouteEvidence, Tally

NAME = "parity"


def judge(_evidence: Evidence, route: RouteEvidence, targets: Targets) -> Finding:
    """Counts deduplicated pairs; equal and explained ones agree, different and failed ones do not."""
    pairs = route.pairs
    bound = lower_bound(pairs.agreed, pairs.trials)
    text = (
        f"match rate ≥ {rate(bound)} at 95 %, from {count(pairs.trials, 'pair')}: {count(pairs.match)} equal,"
        f" {count(pairs.expected)} expected, {count(pairs.mismatch)} different, {count(pairs.failed)} failed"
    )
    if route.stale:
        text += f"; {count(route.stale, 'older observation')} of another route digest not counted"
    if route.exercised.total:
        text += f"; {count(route.exercised.total, 'exercise')} not counted"
    more = still_needed(pairs, targets)
    if more:
        return failed(NAME, text, f"{count(more, 'more agreeing pair')} needed for {target(targets.parity)}")
    return passed(NAME, text)


def still_needed(pairs: Tally, targets: Targets) -> int:
    """How many more agreeing pairs bring the bound to the target; 0 when it is there."""
    return max(pairs_needed(targets.parity, pairs.agreed, pairs.trials), targets.min_pairs - pairs.trials, 0)


CHECK = Check(NAME, (TO_CANARY,), judge)
