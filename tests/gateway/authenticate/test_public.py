"""Public routes."""

from __future__ import annotations

from gateway.authenticate import Identity
from gateway.authenticate.public import public
from gateway.caller import ANONYMOUS
from gateway.transport.pool import Pool
from tests.apps.table import route, settings, table

ROUTE = route("a", "compute", "GET /a", "GET /a", access="public")


async def test_anyone_is_nobody() -> None:
    """With any credential or none the caller is anonymous."""
    for value in (None, "Bearer x", "nonsense"):
        known = table("http://127.0.0.1:9", ROUTE)
        assert await public(Identity(settings(), Pool()), known, ROUTE, value) is ANONYMOUS
