"""Who calls: one scheme per access kind, tried by the route's kind and never by the look of the credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.authenticate.api_key import api_key
from gateway.authenticate.identity import Identity
from gateway.authenticate.jwt import json_web_token
from gateway.authenticate.public import public
from gateway.core.exchange import header
from gateway.core.routes import Access

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.caller import Caller
    from gateway.core.exchange import Request
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

__all__ = ["SCHEMES", "Identity", "authenticate"]

SCHEMES: dict[Access, Callable[..., Awaitable[Caller]]] = {
    Access.PUBLIC: public,
    Access.JWT: json_web_token,
    Access.API_KEY: api_key,
}
"""Called with identity, table, route and the Authorization header."""


async def authenticate(
    identity: Identity, table: RouteTable, route: Route, request: Request, *, wait: bool = True
) -> Caller:
    """The caller as the route's access kind establishes it; with `wait` false only what is known is looked at.

    Raises:
        Unauthenticated: no credential, one of another family, or one that does not hold.
        Unavailable: what it is checked against is not known now; a 401 would say that the credential is bad.
    """
    return await SCHEMES[route.access](identity, table, route, header(request.headers, "authorization"), wait=wait)
