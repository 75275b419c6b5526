"""Reports over a small store with hostile content, for the renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Bucket, Difference, DifferenceKind, Verdict
from gateway.core.routes import Stage
from gateway.store.counts import count_refusal, put_buckets
from reports import diff_report, readiness_report
from tests.reports.builders import NOW, ROUTE, WRITE, clean, differing, rule, seen, store, table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.observation import Observation
    from reports.diff_report import DiffReport
    from reports.readiness_report import ReadinessReport
    from tests.reports.builders import Filled

EVIL = "</td></script><script>alert(1)</script>`|[x](javascript:1) @all \x1b[31m\u202e\ud800\x00"
SAFE = EVIL.replace("\ud800", "")
LONG = "ab " * 400
HOSTILE = Difference("body", f"$.{EVIL}", DifferenceKind.CHANGED, EVIL, LONG + EVIL)
KNOWN = Difference("status", "", DifferenceKind.CHANGED, "500", "401", by="auth-401")


def exercise(shape: str, verdict: Verdict = Verdict.MATCH, at: float = NOW - 600) -> Observation:
    """A dry run that no caller asked for."""
    return seen(verdict, route=WRITE, source="exercise", mode="dry-run", shape=shape, at=at)


def filled(folder: Path) -> Filled:
    """Two routes: one with open, rejected, explained and hostile differences, one clean."""
    exchange = {"status": 200, "body": EVIL + "x" * 9000}
    made = store(folder, [*clean(3), *clean(2, route=WRITE)])
    made.add(
        differing(HOSTILE, KNOWN, legacy=exchange, gateway=exchange, at=NOW - 60),
        differing(),
        seen(digest="before"),
    )
    made.add(*(exercise(EVIL, at=NOW - 90), exercise(EVIL, at=NOW - 30), exercise("", Verdict.FAILED)))
    made.stage(Stage.SHADOW, route=WRITE)
    made.stage(Stage.CANARY, percent=12.5)
    made.decide(rule("rejected", reason=SAFE))
    count_refusal(made.db, route=ROUTE, subject="bob", status=403, reason=SAFE, at=NOW)
    put_buckets(made.db, "shadow", {(ROUTE, Bucket.COMPARED, ""): 5, (ROUTE, Bucket.SHED, ""): 1})
    return made


def diffs(folder: Path) -> DiffReport:
    """The diff report over it."""
    made = filled(folder)
    return diff_report.build(made.db, made.evidence())


def readiness(folder: Path) -> ReadinessReport:
    """The readiness report over it."""
    return readiness_report.build(filled(folder).evidence(), table())
