from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.routes import Access, Stage
from migrate.probe.access import anonymous, expiry, forgery, wrong_kind
from migrate.probe.credentials import Credentials
from migrate.probe.result import NotAsked
from tests.apps.probed import altered, probed, small
from tests.apps.table import token

EVERY = (anonymous, forgery, expiry, wrong_kind)


@pytest.mark.parametrize("stage", [Stage.LEGACY, Stage.GATEWAY])
async def test_the_right_gateway_lets_nobody_in(stage: Stage) -> None:
    """Reads, writes and sockets, whatever the stage; the services see none of it."""
    async with probed(small(), stage=stage) as at:
        for name in ("pools.list", "pools.create", "socket"):
            for ask in EVERY:
                found = await ask(at.setting, at.route(name))
                assert found.passed, found  # type: ignore[union-attr]
        for ask in (anonymous, wrong_kind):
            assert (await ask(at.setting, at.route("chat"))).passed
        assert at.upstream.seen == []


@pytest.mark.parametrize("name", ["pools.get", "socket", "chat"])
async def test_a_route_that_is_open_by_mistake_is_found(name: str) -> None:
    """Its status is the place, and a metered route is still not delivered."""
    async with probed(small(), change=altered(name, access=Access.PUBLIC)) as at:
        found = await anonymous(at.setting, at.route(name))
        assert (found.passed, found.location) == (False, "status")
        if name == "chat":
            assert at.upstream.seen == []


async def test_a_gateway_that_takes_other_algorithms_is_found() -> None:
    """A genuine token of another algorithm must not hold."""
    async with probed(
        small(), change=lambda table: replace(table, policy=replace(table.policy, algorithms=("HS256", "HS384")))
    ) as at:
        found = await forgery(at.setting, at.route("pools.get"))
        assert (found.passed, found.location) == (False, "status")
        assert "genuine but HS384" in found.detail


async def test_an_ended_token_takes_the_secret() -> None:
    """Without it the probe is not asked, and says what it needs."""
    async with probed(small(), credentials=Credentials(token())) as at:
        found = await expiry(at.setting, at.route("pools.get"))
        assert isinstance(found, NotAsked)
        assert "CUTOVER_JWT_SECRET" in found.reason


async def test_behind_a_transparent_route_the_service_decides() -> None:
    """A socket that was rolled back lets everybody through, which is meant so."""
    async with probed(small(), stage=Stage.SHADOW, left_shadow=True) as at:
        found = await anonymous(at.setting, at.route("socket"))
        assert (found.passed, found.expected) == (True, "transparent: the service decides")
