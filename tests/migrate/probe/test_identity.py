from __future__ import annotations

import pytest

from gateway.core.credentials import ApiKeys, Introspect
from gateway.core.credentials import Credentials as Checked
from gateway.core.exchange import Failure, Response
from gateway.core.mark import DRY_RUN_TYPE
from migrate.probe.credentials import Credentials
from migrate.probe.identity import identity, upstream
from migrate.probe.result import NotAsked
from tests.apps.probed import probed, small
from tests.apps.table import token

NAMES = ("pools.list", "pools.create", "chat", "models", "login", "health")


async def test_the_right_gateway_states_identity_itself() -> None:
    """On every access and effect, and nothing is delivered."""
    async with probed(small()) as at:
        for name in NAMES:
            found = await identity(at.setting, at.route(name))
            assert found.passed, found  # type: ignore[union-attr]
        assert at.upstream.seen == []


@pytest.mark.parametrize(
    ("fault", "name", "location"),
    [
        ("identity", "pools.get", "upstream.header:x-user-id"),
        ("identity", "login", "upstream.header:x-user-id"),
        ("authorization", "pools.get", "upstream.header:authorization"),
        ("request-id", "pools.get", "upstream.header:x-request-id"),
    ],
)
async def test_a_wrong_header_is_named(fault: str, name: str, location: str) -> None:
    """The place is the header that is not the gateway's own word."""
    async with probed(small(), fault=fault) as at:
        found = await identity(at.setting, at.route(name))
        assert (found.passed, found.location) == (False, location)  # type: ignore[union-attr]


async def test_a_token_that_does_not_hold_is_no_proof() -> None:
    """A gateway that refuses the given token has not shown what it would send."""
    async with probed(small(), credentials=Credentials(token("another-secret-0123456789abcdef0123456789"))) as at:
        found = await identity(at.setting, at.route("pools.get"))
        assert (found.passed, found.location, found.seen) == (False, "status", "401")  # type: ignore[union-attr]


async def test_without_a_token_it_is_not_asked() -> None:
    """On routes for tokens; others need none."""
    async with probed(small(), credentials=Credentials()) as at:
        assert isinstance(await identity(at.setting, at.route("pools.get")), NotAsked)
        assert (await identity(at.setting, at.route("health"))).passed  # type: ignore[union-attr]


async def test_without_a_key_that_holds_it_is_not_asked() -> None:
    """Where the gateway asks the platform about keys."""
    table = small(credentials=Checked(api_keys=ApiKeys(Introspect("front", "GET", "/check"))))
    async with probed(table, credentials=Credentials()) as at:
        found = await identity(at.setting, at.route("models"))
        assert isinstance(found, NotAsked)
        assert "CUTOVER_PROBE_API_KEY" in found.reason


@pytest.mark.parametrize("body", [b"no", b"[]", b"{}", b'{"upstream":{}}'])
def test_a_broken_document_is_none(body: bytes) -> None:
    """Neither is an answer of another type, or none at all."""
    assert upstream(Response(200, (("content-type", DRY_RUN_TYPE),), body)) is None
    assert upstream(Response(200, (), body)) is None
    assert upstream(Failure("timeout")) is None
