"""Provisioning logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

PATH = "/deployment/logs"


async def test_the_descriptor_points_at_the_sidecar_itself(call: Call, seed: Seed) -> None:
    """Plain JSON with the sidecar's own address and the first message to send there."""
    answer = await call("orchestration", "GET", f"{PATH}/{seed.running_deployment}/stream")
    assert answer.json() == {
        "ws_url": "ws://sidecar.test:3000/nosana",
        "provider": "nosana",
        "subscription": {
            "type": "subscribe_logs",
            "provider": "nosana",
            "jobId": "job-running-1",
            "nodeAddress": "node1",
        },
    }


async def test_without_a_node_the_error_is_200(call: Call, world: World, seed: Seed) -> None:
    """A deployment that has no job yet, and a provider that streams nothing, answer an error with 200."""
    foreign = await call("orchestration", "GET", f"{PATH}/{seed.foreign_deployment}/stream")
    assert (foreign.status_code, list(foreign.json())) == (200, ["error"])
    world.deployments.update(seed.running_deployment, pool=seed.second_pool)
    aws = await call("orchestration", "GET", f"{PATH}/{seed.running_deployment}/stream")
    assert (aws.status_code, aws.json()["error"]) == (200, "Log streaming not supported for provider aws")


async def test_external_and_unknown_deployments_have_no_logs(call: Call, seed: Seed) -> None:
    """Both are 404 with the same words."""
    for deployment in (seed.external_deployment, "unknown"):
        for path in (deployment, f"{deployment}/stream"):
            answer = await call("orchestration", "GET", f"{PATH}/{path}")
            assert (answer.status_code, answer.json()) == (404, {"detail": "Deployment/Pool not found"})


async def test_logs_are_read_whole(call: Call, seed: Seed) -> None:
    """Lines of the job, none without a job."""
    found = await call("orchestration", "GET", f"{PATH}/{seed.running_deployment}")
    assert len(found.json()["logs"]) == 3
    assert (await call("orchestration", "GET", f"{PATH}/{seed.foreign_deployment}")).json()["logs"] == []
