from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UsageError
from gateway.core.routes import Stage
from gateway.store import audit
from reports.checks import CHECKS
from reports.criteria import STEPS, TO_CANARY, TO_CLOSED, TO_GATEWAY, TO_SHADOW, Targets
from reports.readiness import blockers, judge, next_step
from tests.reports.builders import NOW, ROUTE, WRITE, clean, differing, digest, rule, seen, store, table

if TYPE_CHECKING:
    from pathlib import Path

EASY = Targets(parity=0.9)


def test_a_fresh_route_waits_for_a_gateway_only(tmp_path: Path) -> None:
    """From legacy to shadow a valid table and a running gateway are enough."""
    filled = store(tmp_path)
    assert len(blockers(filled.evidence(), table(), ROUTE)) == 1
    filled.process()
    assert judge(filled.evidence(), table(), ROUTE, TO_SHADOW).ready


@pytest.mark.parametrize("step", [TO_CANARY, TO_GATEWAY, TO_CLOSED], ids=str)
def test_missing_data_never_passes(tmp_path: Path, step: object) -> None:
    """On an empty store every check of every later step fails and says what is missing."""
    readiness = judge(store(tmp_path).evidence(), table(), ROUTE, step)  # type: ignore[arg-type]
    assert readiness.findings
    assert [finding.check for finding in readiness.findings if finding.passed] == []
    assert all(finding.missing_text and finding.evidence_text for finding in readiness.findings)


def test_from_shadow_to_canary(tmp_path: Path) -> None:
    """Enough agreeing pairs and a running gateway let a route into canary; a mismatch holds it until accepted."""
    filled = store(tmp_path, clean(90))
    filled.probe()
    filled.stage(Stage.SHADOW)
    filled.process()
    assert blockers(filled.evidence(), table(), ROUTE, targets=EASY) == []
    assert [text.partition(":")[0] for text in blockers(filled.evidence(), table(), ROUTE)] == ["parity"]
    filled.add(differing(subject="new"))
    assert [text.partition(":")[0] for text in blockers(filled.evidence(), table(), ROUTE, targets=EASY)] == [
        "signatures"
    ]
    filled.decide(rule())
    assert blockers(filled.evidence(), table(), ROUTE, targets=EASY) == []


def test_a_changed_route_makes_only_its_own_evidence_stale(tmp_path: Path) -> None:
    """Evidence of another digest proves nothing for its route and leaves other routes ready."""
    filled = store(tmp_path, clean(60, route=WRITE))
    filled.add(*clean(60, digest="before"))
    filled.process()
    filled.probe()
    evidence = filled.evidence()
    assert judge(evidence, table(), WRITE, TO_CANARY, EASY).ready
    assert not judge(evidence, table(), ROUTE, TO_CANARY, EASY).ready


def test_from_canary_to_gateway_and_closed(tmp_path: Path) -> None:
    """Served traffic, latencies and a load test let a route into gateway; a quiet week closes it."""
    filled = store(tmp_path, clean(60))
    filled.stage(Stage.CANARY, percent=50)
    filled.process()
    filled.serve("legacy", 50)
    filled.serve("gateway", 50)
    body = {"sides": {"gateway": {"routes": {ROUTE: {"requests": 200}}}}, "digests": {ROUTE: digest()}}
    body |= {"objectives": {ROUTE: {"p95": 0.5, "p99": 2.0, "errors": 0.001}}}
    audit.put_result(filled.db, audit.Result("l1", "loadtest", NOW - 60, passed=True, body=body))
    assert blockers(filled.evidence(), table(), ROUTE) == []
    filled.stage(Stage.GATEWAY, NOW)
    later = NOW + 8 * 86_400
    filled.serve("gateway", 50, at=later - 60)
    assert judge(filled.evidence(now=later), table(), ROUTE, TO_CLOSED).ready


def test_every_step_is_reachable_by_stage() -> None:
    """Each stage but the last has a step forward."""
    assert [next_step(stage) for stage in Stage] == [*STEPS, None]


def test_an_arrived_route_is_held_by_nothing(tmp_path: Path) -> None:
    """A closed route has no step and no blockers."""
    filled = store(tmp_path)
    filled.stage(Stage.CLOSED)
    assert blockers(filled.evidence(), table(), ROUTE) == []


@pytest.mark.parametrize("route", ["nowhere", "nodes.heartbeat"])
def test_unknown_and_internal_routes_are_refused(tmp_path: Path, route: str) -> None:
    """A route that is not exposed cannot be judged."""
    with pytest.raises(UsageError, match="no exposed route"):
        judge(store(tmp_path).evidence(), table(), route, TO_SHADOW)


def test_checks_have_names_and_steps() -> None:
    """Names are unique and every check is asked for by some step."""
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.steps for check in CHECKS)


def test_blockers_name_their_check(tmp_path: Path) -> None:
    """Each blocker starts with the name of the check it comes from."""
    names = {check.name for check in CHECKS}
    found = blockers(store(tmp_path, [seen()]).evidence(), table(), ROUTE, TO_CANARY)
    assert {text.partition(":")[0] for text in found} <= names
