"""Policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


async def test_a_policy_is_stored_per_deployment(call: Call, seed: Seed) -> None:
    """What is saved for one deployment is shown for it and for nothing else."""
    body = {"policy_type": "rate_limit", "deployment_id": seed.running_deployment, "config_json": {"rpm": 1}}
    for _ in range(2):
        saved = await call("filtration", "POST", "/management/config", who="admin", json=body)
        assert saved.json() == {"status": "success", "policy_type": "rate_limit"}
    path = f"/management/config/rate_limit?deployment_id={seed.running_deployment}"
    assert (await call("filtration", "GET", path, who="member")).json()["config_json"] == {"rpm": 1}
    assert (await call("filtration", "GET", path, who="foreign")).json()["config_json"] == {}
    assert (await call("filtration", "GET", "/management/config/rate_limit", who="member")).json()[
        "config_json"
    ] == {}


async def test_a_saved_rate_limit_never_applies(call: Call, seed: Seed) -> None:
    """One request a minute is stored, and two in a row pass."""
    body = {"policy_type": "rate_limit", "deployment_id": seed.running_deployment, "config_json": {"rpm": 1}}
    await call("filtration", "POST", "/management/config", who="admin", json=body)
    ask = {"model": "llama-live", "messages": [{"role": "user", "content": "x"}]}
    for _ in range(2):
        assert (
            await call("inference", "POST", "/v1/chat/completions", who=seed.api_key, json=ask)
        ).status_code == 200


async def test_only_admins_save(call: Call) -> None:
    """The refusal is the platform's."""
    body = {"policy_type": "quota", "config_json": {}}
    answer = await call("filtration", "POST", "/management/config", who="member", json=body)
    assert (answer.status_code, answer.json()) == (403, {"detail": "Only admins can update config"})


async def test_usage_is_shown_per_key(call: Call) -> None:
    """Today's requests and tokens over all models."""
    answer = await call("filtration", "GET", "/management/config/quota/usage", who="member")
    assert answer.json() == [{"key_name": "seed key", "key_prefix": "sk-dem...", "requests": 3, "tokens": 32}]
