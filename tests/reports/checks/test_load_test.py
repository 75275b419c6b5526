from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.objectives import LoadPolicy
from gateway.store.audit import Result, put_result
from reports.checks.load_test import CHECK
from reports.criteria import DAY, Targets
from reports.evidence import gather
from tests.reports.builders import NOW, ROUTE, WRITE, digest, store, table

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding


HELD = {"p95": 0.5, "p99": 2.0, "errors": 0.001}
"""What is usual, and promised here."""


def body(requests: int = 500, route: str = ROUTE, of: str = "", **more: Any) -> dict[str, Any]:
    """A run that put so much load on a route at the gateway."""
    routes = {route: {"requests": requests, "p95_ms": 12.0}}
    document = {"sides": {"gateway": {"routes": routes}}, "digests": {route: of or digest(route)}, "reasons": []}
    return {**document, "objectives": {route: HELD}, **more}


def found(tmp_path: Path, document: dict[str, Any], age: float = 0.5, *, exempt: bool = False) -> Finding:
    """What the check says of the route after this run, and an earlier healthy one."""
    filled = store(tmp_path)
    passed = not document.get("reasons") and not document.get("partial")
    put_result(filled.db, Result("run", "loadtest", NOW - age * DAY, passed=passed, body=document))
    policy = LoadPolicy(exempt=(ROUTE,)) if exempt else LoadPolicy()
    routes = table()
    object.__setattr__(routes, "load", policy)
    evidence = gather(filled.db, routes, NOW)
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


MISSED = {"route": ROUTE, "aim": "p95", "fails": True}
OTHER = {"route": WRITE, "aim": "errors", "fails": True}
TOGETHER = {"route": "overall", "aim": "errors", "fails": True}


@pytest.mark.parametrize(
    ("age", "document", "missing"),
    [
        (0.5, body(), ""),
        (0.5, body(72), ""),
        (0.5, body(71), "too small a load: it takes 72 answers"),
        (0.5, body(of="before"), "the route has changed since"),
        (0.5, body(partial=True, reasons=["ended after 3 of 60 s"]), "it was ended early"),
        (0.5, body(judgements=[MISSED], reasons=[f"{ROUTE}: p95 900 ms exceeds 500 ms"]), "p95 900 ms exceeds 500"),
        (0.5, body(reasons=["worker 2 was lost"]), "worker 2 was lost"),
        (8.0, body(), "older than 7 days"),
        (0.5, body(objectives={ROUTE: HELD | {"p95": 10.0}}), "judged by p95 10000 ms, where 500 ms is promised"),
        (0.5, body(objectives={ROUTE: HELD | {"p95": 0.1}}), ""),
        (0.5, body(route=WRITE), "longer or with more users"),
        (0.5, body(shape="knee"), "longer or with more users"),
        (0.5, {"sides": {"legacy": {"routes": {ROUTE: {"requests": 99}}}}, "digests": {ROUTE: ""}}, "--target g"),
    ],
)  # fmt: skip
def test_the_newest_run_that_loaded_the_route(
    tmp_path: Path, age: float, document: dict[str, Any], missing: str
) -> None:
    """It passes when it was whole, fresh, large enough, of this route as it is now, and met what is promised."""
    finding = found(tmp_path, document, age)
    assert finding.passed is (missing == ""), finding
    assert missing in finding.missing_text


def test_what_another_route_missed_does_not_hold_this_one(tmp_path: Path) -> None:
    """Though it failed the run, and all routes together with it."""
    reasons = [f"{WRITE}: error rate 9% exceeds 0.1%", "overall: error rate 5% exceeds 0.1%"]
    document = body(judgements=[OTHER, TOGETHER], reasons=reasons)
    document["sides"]["gateway"]["routes"][WRITE] = {"requests": 500}
    assert found(tmp_path, document).passed


def test_what_all_routes_together_missed_holds_each(tmp_path: Path) -> None:
    """When no single route explains it."""
    finding = found(tmp_path, body(judgements=[TOGETHER], reasons=["overall: error rate 1% exceeds 0.1%"]))
    assert "overall: error rate 1%" in finding.missing_text


def test_an_exempt_route_needs_none(tmp_path: Path) -> None:
    """It is said where that stands; a run that loaded it and failed counts all the same."""
    assert "loadtest: exempt" in found(tmp_path, body(route=WRITE), exempt=True).evidence_text
    assert "500 answers" in found(tmp_path, body(), 0.1, exempt=True).evidence_text
    failed = body(judgements=[MISSED], reasons=[f"{ROUTE}: p95 900 ms exceeds 500 ms"])
    assert not found(tmp_path, failed, exempt=True).passed


def test_the_evidence_tells_the_numbers(tmp_path: Path) -> None:
    """Of this route, in this run."""
    text = found(tmp_path, body()).evidence_text
    assert text.startswith("run, ")
    assert text.endswith("500 answers of this route, p95 12 ms")


def test_none_was_run(tmp_path: Path) -> None:
    """Without any the command to run is named; results of other kinds do not count."""
    filled = store(tmp_path)
    put_result(filled.db, Result("run", "probe", NOW, passed=True, body=body()))
    evidence = filled.evidence()
    finding = CHECK.judge(evidence, evidence.routes[ROUTE], Targets())
    assert finding.missing_text == "run `cutover loadtest run --target gateway`"
