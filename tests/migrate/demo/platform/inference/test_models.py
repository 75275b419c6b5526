"""The list of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.inference.models import STALE_SECONDS, ModelCache

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call


def test_an_answer_is_kept_for_thirty_seconds() -> None:
    """By skip and limit alone, not by who asks."""
    cache = ModelCache()
    cache.put((0, 50), 100.0, [{"id": "m"}])
    assert cache.get((0, 50), 100.0 + STALE_SECONDS - 1) == [{"id": "m"}]
    assert cache.get((0, 50), 100.0 + STALE_SECONDS) is None
    assert cache.get((0, 10), 100.0) is None


async def test_a_stopped_model_stays_listed_for_a_while(call: Call, world: World, seed: Seed) -> None:
    """The list is stale for everybody; another page is asked anew."""

    async def listed(query: str, key: str) -> list[str]:
        answer = await call("inference", "GET", f"/v1/models{query}", who=key)
        return [row["id"] for row in answer.json()["data"]]

    assert await listed("", seed.api_key) == ["llama-live", "fake-gpt", "foreign-model"]
    world.deployments.update(seed.running_deployment, state="STOPPED")
    assert await listed("", seed.foreign_api_key) == ["llama-live", "fake-gpt", "foreign-model"]
    assert await listed("?limit=49", seed.api_key) == ["fake-gpt", "foreign-model"]


async def test_a_key_is_needed(call: Call) -> None:
    """No key and a wrong key are told apart."""
    assert (await call("inference", "GET", "/v1/models")).json() == {"detail": "Invalid API Key format"}
    wrong = await call("inference", "GET", "/v1/models", who="sk-wrong")
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid API Key"})
