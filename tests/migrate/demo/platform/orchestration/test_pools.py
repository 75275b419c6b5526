"""Pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call

PATH = "/deployment"


async def create(call: Call, owner: str, **more: Any) -> httpx.Response:
    """A pool of this owner."""
    body = {
        "pool_name": "p",
        "owner_type": "user",
        "owner_id": owner,
        "provider": "nosana",
        "allowed_gpu_types": ["A100"],
        "max_cost_per_hour": 0.9,
        "is_dedicated": False,
        "provider_pool_id": "nosana-a100",
        "scheduling_policy_json": "{}",
    }
    return await call("orchestration", "POST", f"{PATH}/createpool", json=body | more)


async def names(call: Call, owner: str) -> list[str]:
    """The names of an owner's pools."""
    answer = await call("orchestration", "GET", f"{PATH}/listPools/{owner}")
    return [row["pool_name"] for row in answer.json()["pools"]]


async def test_a_pool_is_made_listed_and_deleted(call: Call, seed: Seed) -> None:
    """A deleted pool is not listed; deleting needs no body."""
    made = (await create(call, seed.organisation)).json()
    assert made["status"] == "CREATED"
    assert await names(call, seed.organisation) == ["seed-nosana", "aws-pool", "p"]
    gone = await call("orchestration", "POST", f"{PATH}/deletepool/{made['pool_id']}")
    assert gone.json() == {"pool_id": made["pool_id"], "status": "DELETED"}
    assert await names(call, seed.organisation) == ["seed-nosana", "aws-pool"]


async def test_what_cannot_be_made_is_500(call: Call) -> None:
    """A name taken shows SQL, an unknown provider the adapter's words."""
    await create(call, "me")
    twice = await create(call, "me")
    assert (twice.status_code, "UniqueViolationError" in twice.text) == (500, True)
    assert (await create(call, "me", provider="bogus")).status_code == 500
    assert (await create(call, "me", max_cost_per_hour="much")).status_code == 422


async def test_any_text_is_an_owner(call: Call) -> None:
    """The Status page asks for the pools of `health-check`."""
    assert (await call("orchestration", "GET", f"{PATH}/listPools/health-check")).text == '{"pools":[]}'


async def test_nodes_are_shown_by_pool(call: Call, seed: Seed) -> None:
    """A pool without nodes is empty; an id that is no uuid is 500."""
    full = await call("orchestration", "GET", f"{PATH}/list/pool/{seed.pool}/inventory")
    assert [row["state"] for row in full.json()["nodes"]] == ["ready", "busy"]
    empty = await call("orchestration", "GET", f"{PATH}/list/pool/{seed.second_pool}/inventory")
    assert empty.json()["nodes"] == []
    assert (await call("orchestration", "GET", f"{PATH}/list/pool/x/inventory")).status_code == 500
