"""What other services call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.migrate.demo.platform.conftest import INTERNAL

if TYPE_CHECKING:
    import httpx

    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

KEY = {"X-Internal-API-Key": INTERNAL}


async def post(call: Call, path: str, body: Any) -> httpx.Response:
    """One internal POST with the key."""
    return await call("filtration", "POST", f"/internal/{path}", json=body, headers=KEY)


async def test_a_context_is_resolved_or_says_why_not(call: Call, seed: Seed) -> None:
    """A rate limit is never in it, whatever was saved."""
    body = {"api_key": seed.api_key, "model": "llama-live"}
    found = (await post(call, "context/resolve", body)).json()
    assert (found["valid"], found["deployment"]["id"]) == (True, seed.running_deployment)
    assert (found["rate_limit_config"], found["org_id"]) == (None, seed.organisation)
    missing = (await post(call, "context/resolve", body | {"model": "x"})).json()
    assert (missing["valid"], missing["deployment"]) == (False, None)
    assert missing["error"].startswith("Deployment or Organization not found")


async def test_quota_is_checked_and_tracked(call: Call, seed: Seed) -> None:
    """Tracking counts against the key, and the check refuses when the day is used up."""
    who = {"user_id": f"apikey:{seed.api_key_id}", "model": "m"}
    assert (await post(call, "policy/check_quota", who)).json() == {"status": "ok"}
    assert (await post(call, "policy/track_usage", who | {"usage": {"total_tokens": 100000}})).status_code == 200
    refused = await post(call, "policy/check_quota", who)
    assert (refused.status_code, refused.json()["detail"].startswith("Daily quota exceeded (")) == (429, True)


async def test_a_log_is_appended(call: Call, world: World, seed: Seed) -> None:
    """The log appears with what was given."""
    body = {"deployment_id": seed.running_deployment, "user_id": "u", "model": "m", "total_tokens": 7}
    assert (await post(call, "logs/create", body)).json()["status"] == "ok"
    assert [log.total_tokens for log in world.logs if log.user == "u"] == [7]


async def test_everybody_shares_one_bucket(call: Call, seed: Seed) -> None:
    """After a burst of ten, models and scans are 429 with the limit's headers; another X-User-ID is not."""
    headers = KEY | {"Authorization": f"Bearer {seed.api_key}"}
    answers = [await call("filtration", "GET", "/internal/models", headers=headers) for _ in range(12)]
    assert [answer.status_code for answer in answers][:10] == [200] * 10
    last = answers[-1]
    assert (last.status_code, last.headers["x-ratelimit-limit"]) == (429, "60")
    assert {"x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"} <= set(last.headers)
    assert (await post(call, "guardrails/scan", {"text": "x", "scan_type": "input"})).status_code == 429
    spoofed = await call("filtration", "GET", "/internal/models", headers=headers | {"X-User-ID": "me"})
    assert spoofed.status_code == 200


async def test_models_want_an_api_key_as_well(call: Call) -> None:
    """Both credentials are needed."""
    assert (await call("filtration", "GET", "/internal/models", headers=KEY)).status_code == 401
    wrong = KEY | {"Authorization": "Bearer sk-wrong"}
    assert (await call("filtration", "GET", "/internal/models", headers=wrong)).json() == {
        "detail": "Invalid API Key"
    }


async def test_prompts_pass_and_secrets_are_told(call: Call, seed: Seed) -> None:
    """Messages come back untouched; provider secrets are in clear for services."""
    messages = [{"role": "user", "content": "x"}]
    assert (await post(call, "prompt/process", {"messages": messages, "model": "m"})).json()["messages"] == messages
    told = await call("filtration", "GET", "/internal/config/provider", headers=KEY)
    assert told.json()["providers"]["depin"]["nosana"]["api_key"] == seed.nosana_key
