"""The list of schemes."""

from __future__ import annotations

import pytest

from gateway.authenticate import SCHEMES, Identity, authenticate
from gateway.core.exchange import Request
from gateway.core.routes import Access
from gateway.transport.pool import Pool
from tests.apps.table import route, settings, table, token


def test_every_exposed_access_kind_has_its_scheme() -> None:
    """Each access kind but internal is covered once."""
    assert list(SCHEMES) == [access for access in Access if access is not Access.INTERNAL]


@pytest.mark.parametrize(
    ("access", "value", "scheme"),
    [
        (Access.PUBLIC, "x", "anonymous"),
        (Access.JWT, f"Bearer {token()}", "jwt"),
        (Access.API_KEY, "Bearer sk-1", "api-key"),
    ],
)
async def test_route_decides_the_scheme(access: Access, value: str, scheme: str) -> None:
    """The route's access kind picks the scheme, not the look of the credential."""
    request = Request("GET", "/", (("Authorization", value),))
    item = route("a", "compute", "GET /a", "GET /a", access=access)
    known = table("http://127.0.0.1:9", item)
    for wait in (True, False):
        caller = await authenticate(Identity(settings(), Pool()), known, item, request, wait=wait)
        assert caller.scheme == scheme
