from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway import __version__
from gateway.config import load_table
from gateway.core.digest import route_digest
from gateway.core.errors import ConfigError, UnreachableError
from gateway.core.objectives import EVERY, Aim, ClassObjectives
from loadtests.plan import LoadPlan, Outputs
from loadtests.process import Progress, run
from loadtests.runners import Runners
from migrate.demo import platform
from migrate.presets import write
from tests.apps import gateways
from tests.apps.load_target import CREDENTIALS, Behaviour, running
from tests.apps.shadowed import free_port
from tests.apps.table import settings

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.results import LoadResult

SHORT = {"users": 4, "run_time": 2.0, "spawn_rate": 20.0, "think": 0.02}


def loaded(directory: Path, behaviour: Behaviour, target: str = "gateway") -> LoadResult:
    """The judged result of a short run against the small target."""
    with running(directory, behaviour) as found:
        return run(LoadPlan(found.config, target, **SHORT), environment={**os.environ, **CREDENTIALS})  # type: ignore[arg-type]


def test_a_target_that_fails_one_in_ten_is_failed_for_it(tmp_path: Path) -> None:
    """The failing route is named with its rate and status; the healthy ones are not."""
    result = loaded(tmp_path, Behaviour(fail_every={"/api/v1/deployments": 10}))
    assert not result.passed
    assert all(reason.startswith(("deployments.", "overall: error rate")) for reason in result.reasons)
    assert all("HTTP 503" in reason for reason in result.reasons)
    rate = result.sides["gateway"].routes["deployments.list"].error_rate
    assert 0.04 < rate < 0.16


def test_a_slow_target_is_failed_for_its_latency(tmp_path: Path) -> None:
    """A route that answers after 0.7 s breaks the p95 objective, and no error is blamed."""
    result = loaded(tmp_path, Behaviour(delay={"/api/v1/pools": 0.7}))
    assert [reason.partition(":")[0] for reason in result.reasons] == ["pools.list"]
    assert result.reasons[0].startswith("pools.list: p95 7")
    assert result.reasons[0].endswith("exceeds 500 ms")


def test_a_healthy_target_passes_on_both_sides(tmp_path: Path) -> None:
    """Slices alternate, both sides are counted by route, ratios are there, and one sign-in was made for all."""
    behaviour = Behaviour()
    result = loaded(tmp_path, behaviour, "both")
    assert result.passed, result.reasons
    assert behaviour.sign_ins == 1
    assert set(result.sides) == {"legacy", "gateway"}
    for side in result.sides.values():
        assert 0.8 < side.seconds < 1.4
        assert {"deployments.list", "deployments.get", "pools.list"} <= set(side.routes)
    assert {"overall", "deployments.list"} <= set(result.ratios)
    table = load_table(tmp_path / "cutover.yaml")
    for route, digest in result.digests.items():
        known = table.route(route)
        assert known is not None
        assert digest == route_digest(table, known, __version__)
    assert result.environment["cpus"] == os.cpu_count()


def test_a_stopped_run_is_partial(tmp_path: Path) -> None:
    """Ending early keeps what was counted, marks it, and never passes; progress was told meanwhile."""
    stop, told = threading.Event(), []

    def progress(now: Progress) -> None:
        told.append(now)
        if now.requests > 20:
            stop.set()

    with running(tmp_path) as target:
        plan = replace(LoadPlan(target.config, **SHORT), run_time=60.0)  # type: ignore[arg-type]
        result = run(plan, environment={**os.environ, **CREDENTIALS}, on_progress=progress, stop=stop)
    assert (result.partial, result.passed) == (True, False)
    assert "of 60 s" in result.reasons[0]
    assert result.sides["gateway"].overall.requests > 20
    assert sorted(told, key=lambda now: now.elapsed) == told


def test_a_run_stopped_before_it_began_is_partial_too(tmp_path: Path) -> None:
    """Locust was still starting: a marked result without a request, and no error."""
    stop = threading.Event()
    stop.set()
    with running(tmp_path) as target:
        plan = replace(LoadPlan(target.config, **SHORT), run_time=60.0)  # type: ignore[arg-type]
        result = run(plan, environment={**os.environ, **CREDENTIALS}, stop=stop)
    assert (result.partial, result.passed) == (True, False)
    assert result.reasons[:2] == ("ended after 0 of 60 s", "not one request was answered, so nothing is proven")


def test_locust_writes_its_own_files_too(tmp_path: Path) -> None:
    """HTML and CSV are locust's, and its counts are ours, less what ended after its last look at the stop."""
    with running(tmp_path) as target:
        outputs = Outputs(tmp_path / "page.html", tmp_path / "stats")
        plan = LoadPlan(target.config, outputs=outputs, **SHORT)  # type: ignore[arg-type]
        result = run(plan, environment={**os.environ, **CREDENTIALS})
    assert "<html" in (tmp_path / "page.html").read_text()
    rows = [line.split(",") for line in (tmp_path / "stats_stats.csv").read_text().splitlines()]
    theirs = {row[1].strip('"'): int(row[2]) for row in rows[1:]}
    ours = {name: figures.requests for name, figures in result.sides["gateway"].routes.items()}
    ours["Aggregated"] = result.sides["gateway"].overall.requests
    assert set(theirs) == set(ours)
    assert all(0 <= ours[name] - theirs[name] <= plan.users for name in ours)


@pytest.mark.proof
async def test_the_platform_behind_the_gateway_passes(tmp_path: Path) -> None:
    """The stand-in platform with its real sign-in limit holds the dashboard's pages through the gateway."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    with platform.running(seed=platform.Seed(admin_totp_secret=secret)) as stand_in:
        config = tmp_path / "cutover.yaml"
        sides = ("legacy", "internal")
        values = {f"services.{name}.{side}": url for name, url in stand_in.urls.items() for side in sides}
        # One account that hardly thinks asks for more than any person may.
        write(config, values=values | {"limits.read.rate": "60000", "limits.read.burst": "10000"})
        keys = settings(jwt_secret=stand_in.jwt_secret, internal_key=stand_in.internal_key)
        credentials = {
            "CUTOVER_LOAD_USERNAME": stand_in.seed.admin_email,
            "CUTOVER_LOAD_PASSWORD": stand_in.seed.admin_password,
            "CUTOVER_LOAD_TOTP_SECRET": secret,
        }
        async with gateways.running(load_table(config), settings=keys) as served:
            # How fast a machine is on which others work too is not what is asked here.
            patient = {EVERY: ClassObjectives({Aim.P95: 30.0, Aim.P99: None})}
            options = {**SHORT, "run_time": 3.0, "objectives": patient}
            plan = LoadPlan(config, hosts={"gateway": served.addresses.public}, **options)  # type: ignore[arg-type]
            result = await asyncio.to_thread(run, plan, environment={**os.environ, **credentials})
    assert result.passed, result.reasons
    assert len(result.sides["gateway"].routes) > 10


@pytest.mark.proof
def test_worker_processes_and_the_web_page_go_together(tmp_path: Path) -> None:
    """Locust's page answers while two processes load; the run starts, ends and is judged as without it."""
    port, told, behaviour = free_port(), [], Behaviour()

    def progress(now: Progress) -> None:
        if now.requests > 20 and not told:
            told.append(httpx.get(f"http://127.0.0.1:{port}/stats/requests", trust_env=False).json())

    with running(tmp_path, behaviour) as target:
        runners = Runners(processes=2, web_port=port)
        plan = replace(LoadPlan(target.config, runners=runners, **SHORT), run_time=4.0)  # type: ignore[arg-type]
        result = run(plan, environment={**os.environ, **CREDENTIALS}, on_progress=progress)
    assert result.passed, result.reasons
    assert len(told[0]["workers"]) == 2
    assert result.sides["gateway"].overall.requests == sum(behaviour.seen.values()) - 1
    assert behaviour.sign_ins == 1


def test_a_dead_target_is_told_before_anything_starts(tmp_path: Path) -> None:
    """No sign-in, no child: one line with the address."""
    with running(tmp_path) as target:
        pass
    with pytest.raises(UnreachableError, match="no load test: gateway at"):
        run(LoadPlan(target.config), environment=CREDENTIALS)


def test_missing_credentials_are_told_before_anything_starts(tmp_path: Path) -> None:
    """The variables to set are named."""
    with running(tmp_path) as target, pytest.raises(ConfigError, match="CUTOVER_LOAD_USERNAME"):
        run(LoadPlan(target.config), environment={})


def test_a_locust_that_cannot_run_is_one_line(tmp_path: Path) -> None:
    """When the child gives no result its last words are the message."""
    with running(tmp_path) as target:
        plan = LoadPlan(target.config, outputs=Outputs(csv=tmp_path / "cutover.yaml" / "x"), **SHORT)  # type: ignore[arg-type]
        with pytest.raises(UnreachableError, match="the load test gave no result"):
            run(plan, environment={**os.environ, **CREDENTIALS})
