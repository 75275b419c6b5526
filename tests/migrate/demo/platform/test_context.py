"""From key and model to deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.context import BAD_KEY, UNRESOLVED, over_quota, policy, resolve, running_models

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World


def test_a_key_reaches_the_running_models_of_its_organisation(world: World, seed: Seed) -> None:
    """A stopped model, a foreign model and a wrong key lead nowhere."""
    found = resolve(world, seed.api_key, seed.external_model)
    assert not isinstance(found, str)
    assert found[1].id == seed.external_deployment
    assert resolve(world, seed.api_key, "llama-done") == UNRESOLVED
    assert resolve(world, seed.foreign_api_key, seed.external_model) == UNRESOLVED
    assert resolve(world, "sk-wrong", seed.external_model) == BAD_KEY


def test_the_list_of_models_crosses_organisations(world: World) -> None:
    """Every running deployment is listed; one without a creation time was created at 0."""
    assert [(row["id"], row["created"]) for row in running_models(world, 0, 50)] == [
        ("llama-live", 1769904000),
        ("fake-gpt", 0),
        ("foreign-model", 1769904000),
    ]
    assert [row["id"] for row in running_models(world, 1, 1)] == ["fake-gpt"]


def test_a_quota_ends_a_key_s_day(world: World, seed: Seed) -> None:
    """Requests and tokens are both limited, by the policy or by the default."""
    key, foreign = world.api_keys.get(seed.api_key_id), world.api_keys.get(seed.foreign_api_key_id)
    assert key is not None
    assert foreign is not None
    assert policy(world, seed.organisation, "quota") == {"request_limit": 1000, "token_limit": 100000}
    assert over_quota(world, key, "m") is None
    world.count_usage(key.id, "m", tokens=100000)
    assert over_quota(world, key, "m") == "Daily quota exceeded (Tokens: 100000/100000)"
    for _ in range(1000):
        world.count_usage(foreign.id, "m", tokens=1)
    assert over_quota(world, foreign, "m") == "Daily quota exceeded (Requests: 1000/1000)"
