"""Whether a known caller may."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from gateway.core.routes import Where
from gateway.problem import Forbidden

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.core.exchange import Request
    from gateway.core.routes import Place
    from gateway.core.table import Matched, RouteTable
    from gateway.settings import Settings
    from gateway.transport.pool import Pool


@dataclass(frozen=True, slots=True)
class Rights:
    """What deciding needs beside the request: settings, and the services that know more."""

    settings: Settings
    pool: Pool


async def authorise(rights: Rights, table: RouteTable, matched: Matched, caller: Caller, request: Request) -> None:
    """Pass a caller whose organisation stands in every place that the route scopes by.

    Raises:
        Forbidden: a scoped place names another organisation, several, or none (fail closed).
    """
    del rights, table
    for place in matched.route.scope:
        values = _values(place, matched, request)
        if not caller.organisation or not values or any(value != caller.organisation for value in values):
            raise Forbidden(f"{place} must be your own organisation", reason="scope")


def _values(place: Place, matched: Matched, request: Request) -> list[Any]:
    if place.where is Where.PATH:
        return [unquote(matched.parameters[place.name])] if place.name in matched.parameters else []
    if place.where is Where.QUERY:
        pairs = (pair.partition("=") for pair in request.query.split("&"))
        return [unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == place.name]
    return _members(request.body, place.name)


def _members(body: bytes, name: str) -> list[Any]:
    # A member given twice counts twice: services differ in which one they take.
    found: list[Any] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found[:] = [value for key, value in pairs if key == name]
        return dict(pairs)

    try:
        top = json.loads(body, object_pairs_hook=collect)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(top, dict) else []
