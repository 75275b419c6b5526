"""Routes that anyone may call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.caller import ANONYMOUS

if TYPE_CHECKING:
    from gateway.authenticate.identity import Identity
    from gateway.caller import Caller
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable


async def public(
    _identity: Identity, _table: RouteTable, _route: Route, _value: str | None, *, wait: bool = True
) -> Caller:
    """Nobody in particular; a credential that is there anyway is left to the service."""
    del wait
    return ANONYMOUS
