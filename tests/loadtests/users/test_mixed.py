from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_table
from gateway.core.objectives import EVERY, Aim, ClassObjectives
from loadtests.workload import Workload
from migrate.observed_mix import recorded
from tests.apps.platform_load import loaded
from tests.apps.recordings import shipped

pytestmark = [pytest.mark.proof, pytest.mark.timeout(500)]


def test_the_recorded_mix_is_reproduced_within_two_points(tmp_path: Path) -> None:
    """Over ten thousand real requests each route has its recorded share, writes among them; nothing is left."""
    counts = recorded(shipped("dashboard-session.har"), load_table(Path("migrate/presets/inferia.yaml"), {}))
    workload = Workload(mix=counts, writes=True)
    # Latency is not what is measured here, and the machine may be busy.
    objectives = {EVERY: ClassObjectives({Aim.P95: 30.0, Aim.P99: None})}
    options = {"users": 16, "run_time": 400.0, "spawn_rate": 50.0, "think": 0.02, "workload": workload}
    found = loaded(tmp_path, enough=10_200, objectives=objectives, **options)
    result, sent = found.result, found.result.sides["gateway"]
    total = sent.overall.requests
    assert total > 10_000
    assert [reason for reason in result.reasons if not reason.startswith("ended after")] == []
    shares = {name: figures.requests / total for name, figures in sent.routes.items()}
    omitted = {note.partition(":")[0] for note in result.notes}
    worst = max(abs(shares.get(route, 0.0) - share) for route, share in result.environment["mix"].items())
    assert worst < 0.02
    for route, count in counts.items():
        assert route in omitted or abs(shares[route] - count / counts.total()) < 0.02
    assert found.left == []


def test_without_permission_nothing_is_written(tmp_path: Path) -> None:
    """A mix that was observed with writes sends none of them, and names each with the reason."""
    workload = Workload(mix={"auth.me": 3, "api-keys.create": 2, "knowledge.upload": 1, "inference.chat": 1})
    found = loaded(tmp_path, users=2, run_time=2.0, spawn_rate=20.0, think=0.1, workload=workload)
    assert set(found.result.sides["gateway"].routes) == {"auth.me"}
    assert {entry["method"] for entry in found.arrived if "/auth/login" not in entry["target"]} == {"GET"}
    told = "\n".join(found.result.notes)
    assert "api-keys.create: it writes; --writes" in told
    assert "inference.chat: it needs an API key" in told
