"""Whether a service answers on its internal address without the internal key; asks one declared read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from gateway.core.routes import Access, Effect, Kind

if TYPE_CHECKING:
    from gateway.core.routes import Route, Service
    from gateway.core.table import RouteTable

ACCEPTS = "accepts"
REFUSES = "refuses"
UNREACHABLE = "unreachable"
NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Anonymous:
    """What came of asking: accepts, refuses, unreachable or not-asked; with the route that was asked."""

    outcome: str
    route: str = ""
    status: int = 0


def ask(table: RouteTable, service: Service, timeout: float = 5.0) -> Anonymous:
    """Ask a protected read of the service for an answer, without key, token or cookie."""
    route = _safe_read(table, service)
    address = service.internal.rstrip("/")
    if route is None:
        return Anonymous(NOT_ASKED) if _answers(address, timeout) else Anonymous(UNREACHABLE)
    try:
        answer = httpx.get(address + route.legacy.path.text, timeout=timeout, trust_env=False, follow_redirects=False)
    except httpx.HTTPError:
        return Anonymous(UNREACHABLE, route.id)
    # Some platforms answer 500 where they mean 401; only an answer that gives something away counts.
    outcome = ACCEPTS if answer.is_success else REFUSES
    return Anonymous(outcome, route.id, answer.status_code)


def _safe_read(table: RouteTable, service: Service) -> Route | None:
    return next(
        (
            route
            for route in table.routes
            if route.service == service.name
            and route.legacy.method == "GET"
            and route.effect is Effect.READ
            and route.kind is Kind.HTTP
            and route.access in {Access.JWT, Access.API_KEY}
            and not route.legacy.path.names
        ),
        None,
    )


def _answers(address: str, timeout: float) -> bool:
    try:
        httpx.get(address + "/", timeout=timeout, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
