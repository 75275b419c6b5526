"""What stands in a place of a request; pure."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from gateway.core.routes import Where

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.routes import Place
    from gateway.core.table import Matched


_LONG = 512
"""Characters of a query beyond which nothing is remembered of it."""


def values(place: Place, matched: Matched, request: Request) -> list[Any]:
    """Everything that stands in a place, decoded; a member or a query parameter given twice counts twice."""
    if place.where is Where.PATH:
        return [unquote(matched.parameters[place.name])] if place.name in matched.parameters else []
    if place.where is Where.QUERY:
        query = request.query
        return list((_in_query if len(query) <= _LONG else _in_query.__wrapped__)(query, place.name))
    return _members(request.body, place.name)


def holds_only(place: Place, wanted: str, matched: Matched, request: Request) -> bool:
    """Whether the place holds `wanted`, and nothing else; nobody wants nothing."""
    found = values(place, matched, request)
    return bool(wanted) and bool(found) and found.count(wanted) == len(found)


@lru_cache(maxsize=4096)
def _in_query(query: str, wanted: str) -> tuple[str, ...]:
    pairs = (pair.partition("=") for pair in query.split("&"))
    return tuple([unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == wanted])


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
