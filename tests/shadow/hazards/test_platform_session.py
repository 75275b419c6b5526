from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING

import jwt
import pytest

from migrate.demo.platform import Platform, running
from migrate.presets import write
from shadow import process
from tests.apps.rawclient import Answer, RawClient
from tests.apps.shadowed import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.proof

ORIGIN = ("Origin", "http://localhost:3001")
ASKING = (ORIGIN, ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization"))
NAMED = (("X-Request-ID", "r-1"), ("X-Trace-ID", "t-1"))
JSON = ("Content-Type", "application/json")
VOLATILE = re.compile(rb"(?im)^(date|x-processing-time-ms|x-request-id|x-trace-id): .*$")


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """A stand-in platform."""
    with running(login_limit=1000) as started:
        yield started


@pytest.fixture(scope="module")
def listeners(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Service names to the shadow's listeners in front of it, every route in stage legacy."""
    folder: Path = tmp_path_factory.mktemp("shadow")
    values = {"gateway.listen": f"127.0.0.1:{free_port()}", "gateway.internal_listen": f"127.0.0.1:{free_port()}"}
    for name, url in platform.urls.items():
        values |= {f"services.{name}.{side}": url for side in ("legacy", "internal")}
        values[f"services.{name}.shadow_listen"] = f"127.0.0.1:{free_port()}"
    write(folder / "cutover.yaml", values=values)
    with process.running(folder / "cutover.yaml", folder / "cutover.db") as shadow:
        yield dict(shadow.urls)


def session(platform: Platform) -> list[tuple[str, str, str, tuple[tuple[str, str], ...], bytes]]:
    """Calls of every service that change nothing: pages, refusals, silent 500s, redirects, preflights, a stream."""
    seed = platform.seed
    now = int(time.time())
    claims = {"sub": seed.admin, "username": seed.admin_email, "email": seed.admin_email, "type": "access"}
    claims |= {"roles": ["admin"], "org_id": seed.organisation, "iat": now, "exp": now + 1800}
    user = (("Authorization", "Bearer " + jwt.encode(claims, platform.jwt_secret, "HS256")), ORIGIN, *NAMED)
    key = (("Authorization", f"Bearer {seed.api_key}"), ORIGIN, JSON)
    chat = {"model": seed.external_model, "messages": [{"role": "user", "content": "hi"}], "stream": True}
    wrong = json.dumps({"username": "nobody@demo.example", "password": "wrong"}).encode()
    return [
        ("filtration", "GET", "/health", (), b""),
        ("filtration", "GET", "/auth/me", (ORIGIN,), b""),
        ("filtration", "GET", "/auth/me", user, b""),
        ("filtration", "GET", "/management/users", (("Authorization", "Bearer forged"),), b""),
        ("filtration", "OPTIONS", "/management/users", ASKING, b""),
        ("filtration", "GET", "/management/users/", user, b""),
        ("filtration", "GET", "/management/users?limit=1000", user, b""),
        ("filtration", "GET", "/management/api-keys?skip=0&limit=5&limit=7", user, b""),
        ("filtration", "GET", "/management/templates/no%2Fsuch%20one", user, b""),
        ("filtration", "POST", "/auth/login", (JSON, ORIGIN, *NAMED), wrong),
        ("filtration", "POST", "/auth/login", (JSON, ORIGIN, *NAMED), b"{}"),
        ("filtration", "POST", "/auth/refresh", (JSON,), b"{}"),
        ("filtration", "GET", "/auth/permissions", user, b""),
        ("filtration", "HEAD", "/health", (), b""),
        ("filtration", "GET", "/nowhere", user, b""),
        ("inference", "GET", "/v1/models", key, b""),
        ("inference", "OPTIONS", "/v1/chat/completions", ASKING, b""),
        ("inference", "OPTIONS", "/v1/chat/completions", (("Origin", "http://evil.example"), *ASKING[1:]), b""),
        ("inference", "OPTIONS", "/v1/chat/completions", (), b""),
        ("inference", "POST", "/v1/chat/completions", key, b"no json"),
        ("inference", "POST", "/v1/chat/completions", (JSON,), json.dumps(chat).encode()),
        ("orchestration", "GET", f"/deployment/status/{seed.running_deployment}", (ORIGIN,), b""),
        ("orchestration", "GET", "/deployment/status/no-uuid", (ORIGIN,), b""),
        ("orchestration", "GET", "/deployment/listModels/x", (ORIGIN,), b""),
        ("orchestration", "GET", f"/deployment/listPools/{seed.organisation}", (ORIGIN,), b""),
        ("orchestration", "POST", "/deployment/createpool", (JSON,), b"{}"),
        ("data", "GET", "/health", (ORIGIN,), b""),
        ("guardrail", "GET", "/health", (ORIGIN,), b""),
        ("sidecar", "GET", "/health", (ORIGIN,), b""),
        ("sidecar", "GET", "/no/such/page", (ORIGIN,), b""),
    ]


async def play(platform: Platform, urls: dict[str, str]) -> list[tuple[str, str, Answer]]:
    """The session on one kept connection for each service, time and random ids in heads blanked."""
    clients = {name: RawClient(url) for name, url in urls.items()}
    answers = []
    for service, method, target, headers, body in session(platform):
        answer = await clients[service].ask(method, target, *headers, ("Host", "platform.example:8000"), body=body)
        answers.append((method, target, Answer(VOLATILE.sub(rb"\1: -", answer.head), answer.body)))
    for client in clients.values():
        client.close()
    return answers


async def test_the_platform_answers_the_same_behind_the_shadow(platform: Platform, listeners: dict[str, str]) -> None:
    """Direct and shadowed, stage legacy, keep-alive: equal heads and bodies over a session, and no extra 502."""
    direct = await play(platform, dict(platform.urls))
    shadowed = await play(platform, listeners)
    for expected, found in zip(direct, shadowed, strict=True):
        assert found == expected
    statuses = {answer.status for *_, answer in direct}
    assert {200, 307, 400, 401, 404, 405, 422, 500} <= statuses


async def test_no_answer_is_lost_under_concurrency(listeners: dict[str, str]) -> None:
    """Many dashboards at once, with 500s that close silently in between, get as many answers as they ask for."""

    async def one() -> list[int]:
        async with RawClient(listeners["filtration"]) as client:
            return [(await client.ask("GET", path)).status for path in ("/health", "/auth/me", "/health") * 5]

    found = await asyncio.gather(*(one() for _ in range(10)))
    assert found == [[200, 500, 200] * 5] * 10
