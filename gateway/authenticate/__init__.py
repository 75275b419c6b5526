"""Who calls: one scheme per access kind, tried by the route's kind and never by the look of the credential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.authenticate.api_key import api_key
from gateway.authenticate.jwt import json_web_token
from gateway.authenticate.public import public
from gateway.core.exchange import header
from gateway.core.routes import Access

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.caller import Caller
    from gateway.core.exchange import Request
    from gateway.core.policy import Policy
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

SCHEMES: tuple[tuple[Access, Callable[[str | None, Policy, Settings], Caller]], ...] = (
    (Access.PUBLIC, public),
    (Access.JWT, json_web_token),
    (Access.API_KEY, api_key),
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What verifying needs beside the request: keys, and the services that know more."""

    settings: Settings
    pool: Pool


async def authenticate(identity: Identity, table: RouteTable, route: Route, request: Request) -> Caller:
    """The caller as the route's access kind establishes it.

    Raises:
        Unauthenticated: no credential, one of another family, or one that does not hold.
    """
    scheme = dict(SCHEMES)[route.access]
    return scheme(header(request.headers, "authorization"), table.policy, identity.settings)
