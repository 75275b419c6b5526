"""API keys; asking the platform is tested in test_introspection.py."""

from __future__ import annotations

import pytest

from gateway.authenticate import Identity
from gateway.authenticate.api_key import api_key
from gateway.core.credentials import ApiKeys, Credentials, Introspect
from gateway.core.routes import KeyCheck
from gateway.problem import Unauthenticated, Unavailable
from gateway.transport.pool import Pool
from tests.apps.table import route, settings, table, token

USUAL = Credentials()
NOWHERE = "http://127.0.0.1:9"
ASKING = Credentials(api_keys=ApiKeys(Introspect("compute", "GET", "/check")))


async def check(value: str | None, credentials: Credentials = USUAL, option: KeyCheck | None = None) -> object:
    """The caller of a key on a route with this option."""
    item = route("a", "compute", "GET /a", "GET /a", access="api-key", api_key=option)
    known = table(NOWHERE, item, credentials=credentials)
    return await api_key(Identity(settings(), Pool()), known, item, value)


async def test_holder_is_known_by_a_fingerprint() -> None:
    """A key with the prefix is accepted; the caller carries its fingerprint, never the key, unvouched for."""
    caller = await check("Bearer sk-secret")
    assert "api-key" in repr(caller)
    assert "fp:" in repr(caller)
    assert "secret" not in repr(caller)
    assert "checked=False" in repr(caller)


@pytest.mark.parametrize(
    "value",
    [None, "Bearer x", f"Bearer {token()}", "sk-secret", "Bearer", "Bearer sk-\xe9", f"Bearer sk-{'x' * 600}"],
)
async def test_other_credentials_are_refused(value: str | None) -> None:
    """A JWT, a bare key, nothing, and what cannot be a key are 401 on an API key route, asked or not."""
    for credentials in (USUAL, ASKING):
        with pytest.raises(Unauthenticated):
            await check(value, credentials)


async def test_the_platform_is_asked_unless_the_route_says_pass() -> None:
    """Where the policy says how; a route may leave its keys to the service."""
    with pytest.raises(Unavailable):
        await check("Bearer sk-1", ASKING)
    with pytest.raises(Unavailable):
        await check("Bearer sk-1", ASKING, KeyCheck.INTROSPECT)
    assert await check("Bearer sk-1", ASKING, KeyCheck.PASS)
