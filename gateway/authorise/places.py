"""What stands in a place of a request; pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from gateway.core.routes import Where

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.routes import Place
    from gateway.core.table import Matched


def values(place: Place, matched: Matched, request: Request) -> list[Any]:
    """Everything that stands in a place, decoded; a member or a query parameter given twice counts twice."""
    if place.where is Where.PATH:
        return [unquote(matched.parameters[place.name])] if place.name in matched.parameters else []
    if place.where is Where.QUERY:
        pairs = (pair.partition("=") for pair in request.query.split("&"))
        return [unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == place.name]
    return _members(request.body, place.name)


def holds_only(place: Place, wanted: str, matched: Matched, request: Request) -> bool:
    """Whether the place holds `wanted`, and nothing else; nobody wants nothing."""
    found = values(place, matched, request)
    return bool(wanted) and bool(found) and all(value == wanted for value in found)


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
