from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Bucket, Verdict
from gateway.store.counts import put_buckets
from reports.checks.losses import CHECK
from reports.criteria import Targets
from tests.reports.builders import ROUTE, clean, seen, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled


def judged(filled: Filled) -> Finding:
    """What the check says."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


def test_failed_and_inconclusive_shares_are_capped(tmp_path: Path) -> None:
    """More than 1 % failed or 10 % inconclusive pairs hold the route."""
    filled = store(tmp_path, [*clean(99), seen(Verdict.FAILED, subject="f")])
    assert judged(filled).passed
    filled.add(seen(Verdict.FAILED, subject="g"), *(seen(Verdict.INCONCLUSIVE, subject=f"i{n}") for n in range(12)))
    assert judged(filled).missing_text == "failed 1.7 % is over 1.0 %; inconclusive 10.6 % is over 10.0 %"


def test_lost_copies_are_capped(tmp_path: Path) -> None:
    """Copies that were shed, timed out, too large or failed count against those compared."""
    filled = store(tmp_path, clean(5))
    lost = {(ROUTE, bucket, ""): 1 for bucket in (Bucket.SHED, Bucket.TIMED_OUT, Bucket.OVERSIZE, Bucket.FAILED)}
    put_buckets(filled.db, "shadow", {(ROUTE, Bucket.COMPARED, ""): 36, (ROUTE, Bucket.SAMPLED_OUT, ""): 900, **lost})
    assert judged(filled).passed
    put_buckets(filled.db, "replay", {(ROUTE, Bucket.SHED, "x"): 1})
    assert "lost 12.1 % is over" in judged(filled).missing_text


def test_nothing_compared(tmp_path: Path) -> None:
    """Without pairs there is no share."""
    assert not judged(store(tmp_path)).passed
