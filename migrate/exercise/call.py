"""An example as the call a dashboard would make: complete, the caller's own, and meaning nothing. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus, urlsplit

from gateway.core.exchange import Headers, Request
from gateway.core.routes import Place, Where

if TYPE_CHECKING:
    from gateway.core.exercise import Example
    from gateway.core.routes import Route, Service

NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that names nothing, in the form that services of ids accept."""
CLIENT = "192.0.2.1"
"""The client that dry runs speak for: an address of documentation (RFC 5737)."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the user and organisation that the token names, and the headers that say so."""

    subject: str = NOBODY
    organisation: str = NOBODY
    headers: Headers = field(default=(), repr=False)


def legacy_call(route: Route, service: Service, example: Example, caller: Caller) -> Request:
    """The example as a legacy request.

    Places that must hold the caller's organisation or id do, whatever it says; those whose owner is looked up name
    nothing where it leaves them out.
    """
    own, spare = _own(route, caller), _looked_up(route)
    path = {
        name: own.get(Place(Where.PATH, name)) or example.path.get(name) or spare.get(Place(Where.PATH, name), NOBODY)
        for name in route.legacy.path.names
    }
    target = route.legacy.path.fill({name: quote(value, safe="") for name, value in path.items()})
    query = _query(example.query, _in(own, Where.QUERY), _in(spare, Where.QUERY))
    body = _body(example, _in(own, Where.BODY), _in(spare, Where.BODY)).encode()
    method = route.legacy.method
    headers = [("Host", urlsplit(service.legacy).netloc), ("Accept", "application/json"), *caller.headers]
    headers += [("Content-Type", example.type)] if body else []
    headers += [("Content-Length", str(len(body)))] if body or method in _WITH_BODY else []
    return Request(method, f"{target}?{query}" if query else target, tuple(headers), body, CLIENT)


def _own(route: Route, caller: Caller) -> dict[Place, str]:
    """What the caller's own places must hold, in legacy terms."""
    known = dict.fromkeys(route.scope, caller.organisation) | dict.fromkeys(route.own, caller.subject)
    return _in_legacy_terms(route, known)


def _looked_up(route: Route) -> dict[Place, str]:
    known = {lookup.parameter: next(iter(lookup.spare), NOBODY) for lookup in route.lookups}
    return _in_legacy_terms(route, known)


def _in_legacy_terms(route: Route, known: dict[Place, str]) -> dict[Place, str]:
    legacy = {move.gateway: move.legacy for move in route.moves}
    return {legacy.get(place, place): value for place, value in known.items()}


def _in(places: dict[Place, str], where: Where) -> dict[str, str]:
    return {place.name: value for place, value in places.items() if place.where is where}


def _query(query: str, own: dict[str, str], spare: dict[str, str]) -> str:
    pairs = [pair for pair in query.split("&") if pair]
    named = {unquote_plus(pair.partition("=")[0]) for pair in pairs}
    added = own | {name: value for name, value in spare.items() if name not in named}
    kept = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in own]
    return "&".join([*kept, *(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in added.items())])


def _body(example: Example, own: dict[str, str], spare: dict[str, str]) -> str:
    if not own and not spare:
        return example.body
    try:
        document = json.loads(example.body or "{}")
    except ValueError:
        return example.body
    return json.dumps({**spare, **document, **own}) if isinstance(document, dict) else example.body
