"""Clients that know nothing of Cutover, unmodified, through the gateway to the stand-in platform."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import jwt
import pytest
from openai import AsyncOpenAI, AuthenticationError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.config import load_table
from migrate.demo.platform import Platform, running
from migrate.presets import write
from tests.apps.chromium import browser
from tests.apps.gateways import Running
from tests.apps.gateways import running as gateway_running
from tests.apps.table import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One platform for the module; nothing here disturbs another test's data."""
    with running(login_limit=1000) as started:
        yield started


@asynccontextmanager
async def fronted(folder: Path, platform: Platform) -> AsyncIterator[Running]:
    """The preset's gateway in front of the platform, every route at stage gateway."""
    addresses = {
        f"services.{name}.{side}": url for name, url in platform.urls.items() for side in ("legacy", "internal")
    }
    write(folder / "cutover.yaml", values=addresses)
    table = load_table(folder / "cutover.yaml")
    known = replace(settings(), jwt_secret=platform.jwt_secret, internal_key=platform.internal_key)
    async with gateway_running(table, settings=known) as gate:
        yield gate


def admin(platform: Platform) -> str:
    """The access token that the platform would give its admin."""
    now = int(time.time())
    seed = platform.seed
    claims = {"sub": seed.admin, "username": seed.admin_email, "email": seed.admin_email, "org_id": seed.organisation}
    times = {"iat": now, "exp": now + 1800}
    return jwt.encode({**claims, **times, "type": "access", "roles": ["admin"]}, platform.jwt_secret)


@pytest.mark.proof
async def test_openai_package_lists_models_and_streams_a_chat(tmp_path: Path, platform: Platform) -> None:
    """With only its base URL changed; the pieces of the stream arrive one by one, and a bad key is its own error."""
    async with fronted(tmp_path, platform) as gate:
        base = f"{gate.addresses.public}/api/v1/inference"
        async with AsyncOpenAI(base_url=base, api_key=platform.seed.api_key, max_retries=0) as client:
            models = [model.id async for model in client.models.list()]
            assert platform.seed.external_model in models
            question = [{"role": "user", "content": "say something of several words"}]
            stream = await client.chat.completions.create(
                model=platform.seed.external_model,
                messages=question,  # type: ignore[arg-type]
                stream=True,
            )
            pieces, times = [], []
            async for chunk in stream:
                times.append(time.monotonic())
                pieces.extend(choice.delta.content or "" for choice in chunk.choices)
            assert len([piece for piece in pieces if piece]) > 1
            assert times[-1] - times[0] > 0
            whole = await client.chat.completions.create(
                model=platform.seed.external_model,
                messages=question,  # type: ignore[arg-type]
            )
            assert whole.choices[0].message.content == "".join(pieces)
        async with AsyncOpenAI(base_url=base, api_key="sk-unknown00000000", max_retries=0) as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.models.list()


async def test_websockets_package_holds_a_log_stream(tmp_path: Path, platform: Platform) -> None:
    """The address the descriptor hands out leads to the gateway, and opens once."""
    seed = platform.seed
    async with fronted(tmp_path, platform) as gate:
        login = {"Authorization": f"Bearer {admin(platform)}"}
        described = await gate.get(f"/api/v1/deployments/{seed.running_deployment}/log-stream", headers=login)
        descriptor = described.json()
        assert descriptor["ws_url"].startswith(gate.addresses.public.replace("http", "ws", 1))
        async with connect(descriptor["ws_url"], proxy=None) as socket:
            await socket.send(json.dumps(descriptor["subscription"]))
            frames = [json.loads(await asyncio.wait_for(socket.recv(), 10)) for _ in range(3)]
        assert [frame["type"] for frame in frames] == ["log"] * 3
        with pytest.raises(InvalidStatus):
            async with connect(descriptor["ws_url"], proxy=None):
                pass


PAGE = """
fetch("{url}", {{method: "{method}", headers: {{
  "Authorization": "Bearer {token}", "Content-Type": "application/json", "X-Request-ID": "from-a-page"}}}})
  .then(async answer => {{ document.title = JSON.stringify(
    [answer.status, answer.headers.get("X-Request-ID"), (await answer.text()).length > 1]); }})
  .catch(error => {{ document.title = "refused: " + error; }});
"""


@pytest.mark.proof
async def test_browser_passes_a_preflight(tmp_path: Path, platform: Platform) -> None:
    """Chromium, on a page of another origin, may call with a token and read the answer and its request id."""
    async with fronted(tmp_path, platform) as gate:
        url = f"{gate.addresses.public}/api/v1/users"
        outcome = await asyncio.to_thread(_fetched, platform.urls["sidecar"] + "/health", url, admin(platform))
        assert outcome == '[200,"from-a-page",true]', outcome
        counted = gate.gateway.context.metrics.value("cutover_requests_total", route="users.list")
        assert counted == 2, "the preflight and the call itself"


def _fetched(page_url: str, url: str, token: str) -> str:
    with browser() as page:
        page.open(page_url, 800, dark=False)
        page.evaluate(PAGE.format(url=url, method="GET", token=token))
        deadline = time.monotonic() + 10
        while not (title := str(page.evaluate("document.title"))):
            assert time.monotonic() < deadline, "the page got no answer"
            time.sleep(0.05)
        return title
