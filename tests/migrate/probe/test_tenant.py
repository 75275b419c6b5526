from __future__ import annotations

import pytest

from gateway.core.routes import Place, Where
from migrate.probe.credentials import Credentials
from migrate.probe.result import NotAsked
from migrate.probe.tenant import tenant
from tests.apps.probed import altered, probed, small
from tests.apps.table import token


@pytest.mark.parametrize("name", ["pools.list", "pools.create"])
async def test_the_right_gateway_keeps_tenants_apart(name: str) -> None:
    """In query and body; nothing is delivered, not even for the own organisation."""
    async with probed(small()) as at:
        found = await tenant(at.setting, at.route(name))
        assert found.passed, found  # type: ignore[union-attr]
        assert found.detail == "asked in 6 ways"  # type: ignore[union-attr]
        assert at.upstream.seen == []


@pytest.mark.parametrize("name", ["pools.list", "pools.create"])
async def test_a_gateway_that_does_not_look_is_found(name: str) -> None:
    """The status is the place."""
    async with probed(small(), change=altered(name, scope=())) as at:
        found = await tenant(at.setting, at.route(name))
        assert (found.passed, found.location, found.expected, found.seen) == (  # type: ignore[union-attr]
            False,
            "status",
            "403",
            "200",
        )


async def test_refusing_everybody_is_no_pass() -> None:
    """The caller's own organisation must go through."""
    nowhere = (Place(Where.QUERY, "elsewhere"),)
    async with probed(small(), change=altered("pools.list", scope=nowhere)) as at:
        found = await tenant(at.setting, at.route("pools.list"))
        assert (found.passed, found.detail) == (False, "own organisation")  # type: ignore[union-attr]


@pytest.mark.parametrize("credentials", [Credentials(), Credentials(token(org_id=None))])
async def test_without_an_organisation_it_is_not_asked(credentials: Credentials) -> None:
    """A token that names none can show nothing."""
    async with probed(small(), credentials=credentials) as at:
        assert isinstance(await tenant(at.setting, at.route("pools.list")), NotAsked)
