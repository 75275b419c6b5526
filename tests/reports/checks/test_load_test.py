from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.store.audit import Result, put_result
from reports.checks.load_test import CHECK
from reports.criteria import DAY, Targets
from tests.reports.builders import NOW, ROUTE, digest, store

if TYPE_CHECKING:
    from pathlib import Path

GATEWAY = {"sides": {"gateway": {}}}


@pytest.mark.parametrize(
    ("age", "passed", "body", "missing"),
    [
        (0.5, True, GATEWAY, ""),
        (0.5, True, {**GATEWAY, "digests": {ROUTE: digest()}}, ""),
        (0.5, True, {**GATEWAY, "digests": {ROUTE: "before"}}, "the route has changed since"),
        (0.5, False, GATEWAY, "the latest load test failed"),
        (8.0, True, GATEWAY, "older than 7 days"),
        (0.5, True, {"sides": {"legacy": {}}}, "--target gateway"),
    ],
)
def test_the_latest_load_test(
    tmp_path: Path, age: float, body: dict[str, Any], missing: str, *, passed: bool
) -> None:
    """It passes when it is fresh, was passed, and loaded the gateway with this route as it is now."""
    filled = store(tmp_path)
    put_result(filled.db, Result("run", "loadtest", NOW - age * DAY, passed=passed, body=body))
    put_result(filled.db, Result("earlier", "loadtest", 1.0, passed=True, body=GATEWAY))
    evidence = filled.evidence()
    finding = CHECK.judge(evidence, evidence.routes[ROUTE], Targets())
    assert finding.passed is (missing == "")
    assert missing in finding.missing_text


def test_none_was_run(tmp_path: Path) -> None:
    """Without any the command to run is named; results of other kinds do not count."""
    filled = store(tmp_path)
    put_result(filled.db, Result("run", "probe", NOW, passed=True, body=GATEWAY))
    evidence = filled.evidence()
    finding = CHECK.judge(evidence, evidence.routes[ROUTE], Targets())
    assert finding.missing_text == "run `cutover loadtest run --target gateway`"
