from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.store.audit import Result, put_result
from reports.checks.probes import CHECK
from reports.criteria import DAY, TO_CANARY, Targets
from tests.reports.builders import NOW, ROUTE, WRITE, digest, store

if TYPE_CHECKING:
    from pathlib import Path

    from reports.criteria import Finding
    from tests.reports.builders import Filled

PASSED = {"probe": "anonymous", "route": ROUTE, "passed": True}
FAILED = {"probe": "forged", "route": ROUTE, "passed": False}
AGAIN = "run `cutover probe pools.list`"
NOT_ASKED = {"probe": "identity", "route": ROUTE, "reason": "no token"}


def run(digest_: str, *results: dict[str, Any], not_asked: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """The document of a run of one route."""
    return {"digests": {ROUTE: digest_}, "results": list(results), "not_asked": list(not_asked)}


def judged(filled: Filled) -> Finding:
    """What the check says of the list route."""
    evidence = filled.evidence()
    return CHECK.judge(evidence, evidence.routes[ROUTE], Targets())


@pytest.mark.parametrize(
    ("age", "body", "missing"),
    [
        (0.5, run(digest(), PASSED), ""),
        (0.5, run("before", PASSED), f"the route has changed since; {AGAIN}"),
        (0.5, run(digest(), PASSED, FAILED), f"mend what fails, then {AGAIN}"),
        (0.5, run(digest(), PASSED, not_asked=(NOT_ASKED,)), f"{AGAIN}, which says what it needs"),
        (0.5, run(digest()), f"{AGAIN}, which says what it needs"),
        (8.0, run(digest(), PASSED), f"older than 7 days; {AGAIN}"),
    ],
)
def test_the_latest_run(tmp_path: Path, age: float, body: dict[str, Any], missing: str) -> None:
    """It passes when it is fresh, of this digest, asked everything that applies, and all passed."""
    filled = store(tmp_path)
    put_result(filled.db, Result("run", "probe", NOW - age * DAY, passed=True, body=body))
    filled.probe(at=1.0)
    finding = judged(filled)
    assert (finding.passed, finding.missing_text) == (missing == "", missing)
    assert finding.evidence_text


def test_none_was_made(tmp_path: Path) -> None:
    """Without any the command is named; what legacy let through is no evidence for the gateway."""
    filled = store(tmp_path)
    put_result(filled.db, Result("run", "probe-legacy", NOW, passed=True, body=run(digest(), PASSED)))
    finding = judged(filled)
    assert (finding.passed, finding.missing_text) == (False, AGAIN)


def test_a_run_of_another_route_changes_nothing(tmp_path: Path) -> None:
    """What is known of a route stays until a run asks about it again."""
    filled = store(tmp_path)
    filled.probe(at=NOW - 600)
    other = {"digests": {WRITE: "x"}, "results": [{**FAILED, "route": WRITE}], "not_asked": []}
    put_result(filled.db, Result("later", "probe", NOW - 60, passed=False, body=other))
    assert judged(filled).passed


def test_it_is_asked_before_canary() -> None:
    """No other step asks for it."""
    assert CHECK.steps == (TO_CANARY,)
