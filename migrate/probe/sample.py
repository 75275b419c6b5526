"""A request of each route that is well-formed and means nothing: its ids belong to nobody. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway.core.exchange import Request
from gateway.core.routes import Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.routes import Place, Route, Target

NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that names nothing, in the form that services of ids accept."""
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def sample(
    route: Route, organisation: Sequence[str] = (NOBODY,), *, subject: str = NOBODY, named: str = NOBODY
) -> Request:
    """A gateway request of an exposed route; every scoped place holds each of the organisations, in order.

    Places for the caller's own id hold `subject`, those whose owner is looked up `named`.
    """
    assert route.gateway is not None  # noqa: S101 - only exposed routes are asked
    scoped = {*route.scope, *route.own, *(lookup.parameter for lookup in route.lookups)}
    places: dict[Place, tuple[str, ...]] = {move.gateway: (NOBODY,) for move in route.moves}
    places |= {lookup.parameter: (named,) for lookup in route.lookups}
    places |= dict.fromkeys(route.own, (subject,)) | {place: tuple(organisation) for place in route.scope}
    values = {place.name: of[0] for place, of in places.items() if place.where is Where.PATH and of}
    query = _pairs(places, Where.QUERY)
    path = filled(route.gateway, values)
    target = path + ("?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query) if query else "")
    members = _pairs(places, Where.BODY)
    has_body = bool(members) or any(place.where is Where.BODY for place in scoped)
    return with_body(Request(route.gateway.method, target), _object(members) if has_body else b"")


def filled(target: Target, values: dict[str, str] | None = None) -> str:
    """A target's path with the values given, and nobody's id for all others."""
    known = values or {}
    return target.path.fill({name: quote(known.get(name, NOBODY), safe="") for name in target.path.names})


def with_body(request: Request, body: bytes) -> Request:
    """The request with a JSON body and its length; methods without a body get neither."""
    kind = (("Content-Type", "application/json"),) if body else ()
    length = (("Content-Length", str(len(body))),) if body or request.method in WITH_BODY else ()
    return replace(request, body=body, headers=(*request.headers, *kind, *length))


def with_headers(request: Request, *headers: tuple[str, str]) -> Request:
    """The request with further headers at its end."""
    return replace(request, headers=(*request.headers, *headers))


def _pairs(places: dict[Place, tuple[str, ...]], where: Where) -> list[tuple[str, str]]:
    return [(place.name, value) for place, values in places.items() if place.where is where for value in values]


def _object(members: list[tuple[str, str]]) -> bytes:
    # Written by hand, since a member may be meant to come twice.
    return ("{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members) + "}").encode()
