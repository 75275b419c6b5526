"""Who is let in, through the whole gateway: the stand-in platform's API keys, and an issuer that comes and goes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import jwt
import pytest

from gateway.core.credentials import ApiKeys, Credentials, Introspect, Jwks, Tokens
from gateway.core.routes import Access, Authorization, KeyCheck, Stage
from migrate.demo.platform.launch import running as platform_running
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.issuer import issuing, jwk, private_pem, rsa_key
from tests.apps.table import bearer, flags, route, service, settings, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrate.demo.platform.launch import Platform

ASKING = Credentials(api_keys=ApiKeys(Introspect("filtration", "GET", "/internal/models?limit=1")))


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """The stand-in platform."""
    with platform_running() as one:
        yield one


def key(text: str) -> dict[str, str]:
    """The header with an API key."""
    return {"Authorization": f"Bearer {text}"}


@pytest.mark.proof
async def test_api_keys_are_checked_with_the_platform(platform: Platform) -> None:
    """One that holds is served, another is 401 with a challenge, and a platform that fails is 503, never 401."""
    models = route("models", "inference", "GET /v1/models", "GET /api/models", access=Access.API_KEY)
    services = tuple(
        service(name, platform.urls[name], authorization=Authorization.FORWARD)
        for name in ("inference", "filtration")
    )
    known = table("http://127.0.0.1:9", models, services=services, credentials=ASKING)
    async with running(known, settings=settings(internal_key=platform.internal_key)) as gate:
        platform.forget()
        for _ in range(3):
            assert (await gate.get("/api/models", headers=key(platform.seed.api_key))).status_code == 200
        assert sum("limit=1" in str(entry) for entry in platform.deliveries()) == 1
        refused = await gate.get("/api/models", headers=key("sk-nobody"))
        assert (refused.status_code, refused.json()["reason"]) == (401, "refused")
        assert refused.headers["www-authenticate"].startswith('Bearer error="invalid_token"')
        assert (await gate.get("/api/models")).headers["www-authenticate"] == "Bearer"
    async with running(known, settings=settings(internal_key="wrong")) as gate:
        away = await gate.get("/api/models", headers=key(platform.seed.api_key))
        assert (away.status_code, away.json()["reason"]) == (503, "introspection-away")
        assert int(away.headers["retry-after"]) >= 1


async def test_a_service_is_told_the_organisation_of_a_key() -> None:
    """And a route with `pass` asks nobody and tells nothing."""
    async with upstream() as up:
        items = (
            route("asked", "front", "GET /asked", "GET /api/asked", access=Access.API_KEY),
            route("passed", "front", "GET /p", "GET /api/passed", access=Access.API_KEY, api_key=KeyCheck.PASS),
        )
        how = replace(ASKING, api_keys=ApiKeys(Introspect("front", "GET", "/check", organisation="method")))
        async with running(table(up.address, *items, credentials=how)) as gate:
            told = (await gate.get("/api/asked", headers=key("sk-1"))).json()
            assert ["X-Organization-ID", "GET"] in told["headers"]
            assert [seen.target for seen in up.seen] == ["/check", "/asked"]
            told = (await gate.get("/api/passed", headers=key("sk-2"))).json()
            assert "x-organization-id" not in {name.lower() for name, _ in told["headers"]}
            assert len(up.seen) == 3


async def test_a_transparent_call_waits_for_nobody() -> None:
    """A route that was rolled back serves while the platform that would be asked is away."""
    async with upstream() as up:
        item = route("asked", "compute", "GET /asked", "GET /api/asked", access=Access.API_KEY)
        away = service("filtration", "http://127.0.0.1:9")
        known = table(up.address, item, services=(away,), credentials=ASKING)
        rolled_back = flags(known, Stage.SHADOW, left_shadow=True)
        async with running(known, flags=rolled_back) as gate:
            assert (await gate.get("/api/asked", headers=key("sk-1"))).status_code == 200
            assert gate.gateway.context.metrics.value("cutover_would_refuse_total", reason="unchecked") == 1


async def test_published_keys_rotate_under_a_running_gateway() -> None:
    """A new key serves as soon as a token names it; while the issuer is away known keys hold and others are 503."""
    now = int(time.time())

    def issued(name: str) -> dict[str, str]:
        claims = {"sub": "user-1", "exp": now + 600, "iss": "https://id.example", "aud": "cutover"}
        text = jwt.encode(claims, private_pem(rsa_key(name)), algorithm="RS256", headers={"kid": name})
        return {"Authorization": f"Bearer {text}"}

    async with upstream() as up, issuing(jwk(rsa_key("1"), kid="1")) as issuer:
        tokens = Tokens(issuer="https://id.example", audiences=("cutover",), type="any")
        how = Credentials(tokens, Jwks(issuer.url))
        item = route("things", "compute", "GET /things", "GET /api/things")
        async with running(table(up.address, item, algorithms=("RS256",), credentials=how)) as gate:
            assert (await gate.get("/api/things", headers=issued("1"))).json()["headers"]
            assert (await gate.get("/api/things", headers=issued("2"))).status_code == 401
            assert (await gate.get("/api/things", headers=bearer())).status_code == 401
            assert issuer.asked == 1
            issuer.keys = (jwk(rsa_key("1"), kid="1"), jwk(rsa_key("2"), kid="2"))
            # As after the pause between two fetches.
            gate.gateway.context.identity.published._tried = float("-inf")
            assert (await gate.get("/api/things", headers=issued("2"))).status_code == 200
            issuer.status = 500
            gate.gateway.context.identity.published._tried = float("-inf")
            answers = [await gate.get("/api/things", headers=issued(name)) for name in ("1", "2", "3")]
            assert [answer.status_code for answer in answers] == [200, 200, 503]
            assert answers[2].headers["retry-after"] == "5"
