"""Who calls: one scheme per access kind, tried by the route's kind and never by the look of the credential."""

from __future__ import annotations

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
    from gateway.core.routes import Policy
    from gateway.settings import Settings

SCHEMES: tuple[tuple[Access, Callable[[str | None, Policy, Settings], Caller]], ...] = (
    (Access.PUBLIC, public),
    (Access.JWT, json_web_token),
    (Access.API_KEY, api_key),
)


def authenticate(access: Access, request: Request, policy: Policy, settings: Settings) -> Caller:
    """The caller as the route's access kind establishes it.

    Raises:
        Unauthenticated: no credential, one of another family, or one that does not hold.
    """
    scheme = dict(SCHEMES)[access]
    return scheme(header(request.headers, "authorization"), policy, settings)
