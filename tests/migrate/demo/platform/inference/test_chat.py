"""Chat completions."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from migrate.demo.platform import Platform
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

PATH = "/v1/chat/completions"


def body(text: str = "hello there", **more: Any) -> dict[str, Any]:
    """A request to the external model."""
    return {"model": "fake-gpt", "messages": [{"role": "user", "content": text}]} | more


async def test_an_answer_is_compact_and_logged(call: Call, world: World, seed: Seed) -> None:
    """The model's own name is in it; the log keeps payload, address and tokens; the quota counts."""
    before = world.usage_today(seed.api_key_id, "fake-gpt")
    headers = {"X-Forwarded-For": "1.2.3.4, 5.6.7.8"}
    answer = await call("inference", "POST", PATH, who=seed.api_key, json=body(), headers=headers)
    assert answer.json()["model"] == "fake-1"
    assert b'"created":1700000000,"model":"fake-1"' in answer.content
    log = list(world.logs)[-1]
    assert (log.ip_address, log.payload, log.total_tokens, log.ttft_ms) == ("1.2.3.4", body(), 6, None)
    assert world.usage_today(seed.api_key_id, "fake-gpt") == (before[0] + 1, before[1] + 6)


async def test_a_stream_has_its_headers_and_ends_with_done(call: Call, world: World, seed: Seed) -> None:
    """Content type, cache and buffering headers are the platform's; tokens are estimated without usage."""
    answer = await call("inference", "POST", PATH, who=seed.api_key, json=body(stream=True))
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.text.endswith("data: [DONE]\n\n")
    log = list(world.logs)[-1]
    assert (log.is_streaming, log.prompt_tokens, log.completion_tokens) == (True, 5, 8)


async def test_a_stream_s_failure_is_200_with_one_event(call: Call, seed: Seed) -> None:
    """The error is an event, and there is no [DONE]."""
    answer = await call("inference", "POST", PATH, who=seed.api_key, json=body("FAIL500", stream=True))
    assert (answer.status_code, answer.text) == (200, 'data: {"error": "Upstream Error: 500"}\n\n')


async def test_a_whole_answer_s_failure_keeps_the_upstream_s_status(call: Call, seed: Seed) -> None:
    """The body is wrapped as text."""
    answer = await call("inference", "POST", PATH, who=seed.api_key, json=body("FAIL429"))
    wrapped = 'Provider error: {"error":{"message":"slow down","type":"rate_limit"}}'
    assert (answer.status_code, answer.json()) == (429, {"detail": wrapped})


async def test_a_silent_upstream_ends_in_502_or_an_error_event(call: Call, world: World, seed: Seed) -> None:
    """After the time limit a whole answer is 502, a stream has an event and no [DONE]."""
    world.upstream_timeout = 0.01
    whole = await call("inference", "POST", PATH, who=seed.api_key, json=body("SLOW5"))
    assert (whole.status_code, whole.json()) == (502, {"detail": "Upstream provider error: "})
    stream = await call("inference", "POST", PATH, who=seed.api_key, json=body("SLOW5", stream=True))
    assert stream.text.endswith('data: {"error": "Streaming Failed: "}\n\n')


@pytest.mark.parametrize(
    ("who", "given", "status", "detail"),
    [
        ("", body(), 401, "Invalid API Key format"),
        ("sk-wrong", body(), 401, "Invalid API Key"),
        ("KEY", {"model": "fake-gpt"}, 400, "Model and messages are required"),
        ("KEY", body(model="nope"), 401, "Deployment or Organization not found for model/key combination"),
        ("KEY", body(model="llama-done"), 401, "Deployment or Organization not found for model/key combination"),
        ("KEY", body(model="foreign-model"), 401, "Deployment or Organization not found for model/key combination"),
    ],
)
async def test_checks_answer_in_json_before_any_stream(
    call: Call,
    seed: Seed,
    who: str,
    given: Any,
    status: int,
    detail: str,
) -> None:
    """Key, body and model are checked first, also for a stream."""
    key = seed.api_key if who == "KEY" else who
    for more in ({}, {"stream": True}):
        answer = await call("inference", "POST", PATH, who=key, json=given | more)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail})


async def test_a_body_that_is_no_json_is_500_in_plain_text(call: Call, seed: Seed) -> None:
    """Nobody handles it."""
    answer = await call("inference", "POST", PATH, who=seed.api_key, content=b"not json")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_used_up_quota_is_429(call: Call, world: World, seed: Seed) -> None:
    """Tokens of a day are limited per key and model."""
    world.count_usage(seed.api_key_id, "fake-gpt", tokens=100000)
    answer = await call("inference", "POST", PATH, who=seed.api_key, json=body())
    assert (answer.status_code, answer.json()["detail"].startswith("Daily quota exceeded (")) == (429, True)


async def test_a_guardrail_refuses_with_its_violation(call: Call, seed: Seed) -> None:
    """400 with the third shape of detail."""
    config = {"enabled": True, "custom_banned_keywords": ["secret"]}
    policy = {"policy_type": "guardrail", "deployment_id": seed.external_deployment, "config_json": config}
    await call("filtration", "POST", "/management/config", who="admin", json=policy)
    answer = await call("inference", "POST", PATH, who=seed.api_key, json=body("my secret"))
    assert (answer.status_code, answer.json()["detail"]["error"]) == (400, "guardrail_violation")
    assert (await call("inference", "POST", PATH, who=seed.api_key, json=body("fine"))).status_code == 200


async def test_payloads_are_kept_only_where_wanted(call: Call, world: World, seed: Seed) -> None:
    """An organisation that logs no payloads has none in its logs."""
    world.organisations.update(seed.organisation, log_payloads=False)
    await call("inference", "POST", PATH, who=seed.api_key, json=body())
    assert list(world.logs)[-1].payload is None


@pytest.mark.proof
async def test_a_stream_arrives_piece_by_piece_and_a_leaver_is_logged(platform: Platform) -> None:
    """The first event is there long before the last would be; a client that leaves is in the logs soon after."""
    seed, began = platform.seed, time.monotonic()
    headers = {"Authorization": f"Bearer {seed.api_key}", "X-Forwarded-For": "77.7.7.7"}
    async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
        url = platform.urls["inference"] + PATH
        async with client.stream("POST", url, json=body("SLOW3 a b c", stream=True)) as answer:
            first = await anext(answer.aiter_bytes())
        assert b'"role": "assistant"' in first
        assert time.monotonic() - began < 3
        login = {"username": seed.member_email, "password": seed.member_password}
        token = (await client.post(platform.urls["filtration"] + "/auth/login", json=login)).json()["access_token"]
        logs = platform.urls["filtration"] + "/management/deployments/recent-logs"
        deadline = time.monotonic() + 10
        addresses: set[str] = set()
        while "77.7.7.7" not in addresses and time.monotonic() < deadline:
            listed = await client.get(logs, headers={"Authorization": f"Bearer {token}"})
            addresses = {row["ip_address"] for row in listed.json()}
            await asyncio.sleep(0.02)
    assert "77.7.7.7" in addresses
