"""Deployments."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from migrate.demo.platform.orchestration.deployments import latest_first
from migrate.demo.platform.rows import Deployment
from migrate.demo.platform.seed import NO_POOL

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

PATH = "/deployment"


def body(pool: str, **more: Any) -> dict[str, Any]:
    """A deployment for the first organisation."""
    return {"model_name": "new", "model_version": "1", "replicas": 1, "gpu_per_replica": 1, "pool_id": pool} | more


async def until(world: World, deployment: str, state: str) -> None:
    """Wait for the worker's turn."""
    deadline = time.monotonic() + 5
    row = world.deployments.get(deployment)
    while row and row.state != state and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
        row = world.deployments.get(deployment)
    assert row is not None
    assert row.state == state


@dataclass
class Listed:
    """Ids of an organisation's deployments, in order."""

    call: Call
    organisation: str

    async def now(self) -> list[str]:
        """As listed at this moment."""
        answer = await self.call("orchestration", "GET", f"{PATH}/deployments?org_id={self.organisation}")
        return [row["deployment_id"] for row in answer.json()["deployments"]]


def test_nulls_stand_first_and_ties_in_heap_order() -> None:
    """Creation time descending, as PostgreSQL sorts it."""
    old, new = datetime(2026, 1, 1), datetime(2026, 2, 1)  # noqa: DTZ001 - the platform's times have no zone
    rows = [
        Deployment(name, None, "m", "RUNNING", "p", None, None, None, created_at=moment)
        for name, moment in (("a", old), ("b", None), ("c", new), ("d", None), ("e", new))
    ]
    assert [row.id for row in latest_first(rows)] == ["b", "d", "c", "e", "a"]


async def test_an_external_deployment_runs_at_once(call: Call, seed: Seed) -> None:
    """The answer says DEPLOYING, the list RUNNING; a key in the configuration is told to anybody."""
    given = body(NO_POOL, workload_type="external", configuration={"api_key": "sk-x"}, org_id=seed.organisation)
    made = (await call("orchestration", "POST", f"{PATH}/deploy", json=given)).json()
    assert made["status"] == "DEPLOYING"
    status = (await call("orchestration", "GET", f"{PATH}/status/{made['deployment_id']}")).json()
    assert status["state"] == "RUNNING"
    assert status["configuration"] == {"api_key": "sk-x", "workload_type": "external"}
    listed = await Listed(call, seed.organisation).now()
    assert listed[:2] == [seed.external_deployment, made["deployment_id"]]


async def test_a_pool_s_deployment_gets_a_node_soon(call: Call, world: World, seed: Seed) -> None:
    """DEPLOYING becomes RUNNING with a job to read logs of; without a pool it becomes FAILED."""
    made = (await call("orchestration", "POST", f"{PATH}/deploy", json=body(seed.pool))).json()["deployment_id"]
    await until(world, made, "RUNNING")
    stream = (await call("orchestration", "GET", f"{PATH}/logs/{made}/stream")).json()
    assert stream["subscription"]["jobId"] == f"job-{made}"
    lost = (await call("orchestration", "POST", f"{PATH}/deploy", json=body(NO_POOL))).json()["deployment_id"]
    await until(world, lost, "FAILED")


async def test_terminating_says_terminated_and_takes_a_while(call: Call, world: World, seed: Seed) -> None:
    """The row goes TERMINATING, then STOPPED, and each step moves it among its equals."""
    given = body(NO_POOL, workload_type="external", org_id=seed.organisation)
    other = (await call("orchestration", "POST", f"{PATH}/deploy", json=given)).json()["deployment_id"]
    which = {"deployment_id": seed.external_deployment}
    answer = await call("orchestration", "POST", f"{PATH}/terminate", json=which)
    assert answer.json() == which | {"status": "TERMINATED"}
    row = world.deployments.get(seed.external_deployment)
    assert row is not None
    assert row.state == "TERMINATING"
    assert (await Listed(call, seed.organisation).now())[:2] == [other, seed.external_deployment]
    await until(world, seed.external_deployment, "STOPPED")


async def test_starting_needs_a_stopped_one(call: Call, world: World, seed: Seed) -> None:
    """A stopped one starts, a running one is 400, an unknown one 404."""
    stopped, running = {"deployment_id": seed.stopped_deployment}, {"deployment_id": seed.running_deployment}
    answer = await call("orchestration", "POST", f"{PATH}/start", json=stopped)
    assert answer.json()["status"] == "DEPLOYING"
    await until(world, seed.stopped_deployment, "RUNNING")
    assert (await call("orchestration", "POST", f"{PATH}/start", json=running)).status_code == 400
    assert (await call("orchestration", "POST", f"{PATH}/start", json={"deployment_id": "x"})).status_code == 404


async def test_deleting_depends_on_state_and_logs(call: Call, world: World, seed: Seed) -> None:
    """Running 400, referred to by logs 500 with the database's words, otherwise gone."""

    async def delete(deployment: str) -> tuple[int, str]:
        answer = await call("orchestration", "DELETE", f"{PATH}/delete/{deployment}")
        return answer.status_code, answer.text

    assert (await delete(seed.running_deployment))[0] == 400
    world.deployments.update(seed.running_deployment, state="STOPPED")
    status, text = await delete(seed.running_deployment)
    assert (status, "ForeignKeyViolationError" in text) == (500, True)
    assert (await delete(seed.stopped_deployment))[0] == 200
    assert (await delete(seed.stopped_deployment))[0] == 404


async def test_an_unknown_id_is_404_in_the_inner_error_s_words(call: Call) -> None:
    """A uuid and another text are told apart only by the words."""
    unknown = await call("orchestration", "GET", f"{PATH}/status/99999999-9999-4999-8999-999999999999")
    assert (unknown.status_code, unknown.json()["detail"]) == (
        404,
        "Deployment not found: Unexpected <class 'AttributeError'>: 'NoneType' object has no attribute 'get'",
    )
    other = await call("orchestration", "GET", f"{PATH}/status/x")
    assert (other.status_code, "DataError" in other.text) == (404, True)


async def test_lists_are_open_to_all(call: Call, seed: Seed) -> None:
    """Without an organisation everybody's are listed; a pool has its own list; times are always null."""
    everything = (await call("orchestration", "GET", f"{PATH}/deployments")).json()["deployments"]
    assert {row["org_id"] for row in everything} == {seed.organisation, seed.foreign_organisation}
    assert {row["created_at"] for row in everything} == {None}
    pool = (await call("orchestration", "GET", f"{PATH}/listDeployments/{seed.pool}")).json()["deployments"]
    assert [row["deployment_id"] for row in pool] == [seed.running_deployment, seed.stopped_deployment]
