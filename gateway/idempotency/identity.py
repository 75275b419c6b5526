"""Whose request it is and which one, alike on both paths: said in the service's own terms. Pure.

A key is good for one caller on one route. The caller is the user a token names, else the holder of the credential,
else the client's address.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.exchange import header
from gateway.core.mapping import MappingError, to_gateway, to_legacy
from gateway.core.routes import Access, Where
from gateway.idempotency.claim import Asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Route
    from gateway.idempotency.keys import Keys


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who asks: `scope` is what a key belongs to, `holder` a digest of the credential, empty without one.

    `verified` says that the scope was proved, so that whatever was answered in it may be answered again.
    """

    scope: tuple[str, ...]
    holder: str
    verified: bool = True


def user(keys: Keys, headers: Headers, subject: str, organisation: str, *, verified: bool = True) -> Claimant:
    """The user whom a token names, whichever token it is: it may be refreshed between two attempts."""
    return Claimant(("user", subject, organisation), _holder(keys, headers), verified)


def bearer(keys: Keys, headers: Headers, client: str) -> Claimant:
    """Whoever holds this very credential; without one, whoever calls from this address."""
    holder = _holder(keys, headers)
    return Claimant(("holder", holder) if holder else ("client", client), holder)


def known_user(route: Route, subject: str) -> bool:
    """Whether keys on this route belong to users."""
    return route.access is Access.JWT and bool(subject)


def asked(keys: Keys, claimant: Claimant, route: Route, key: str, request: Request, *, whole: bool) -> Asked:
    """The identity of a request that stands in the service's terms; with `whole` false its body is still to come."""
    return Asked(
        slot=keys.digest("slot", *claimant.scope, route.id, key),
        head=keys.digest("head", request.method, request.target),
        body=body_digest(keys, route, request) if whole else "",
        holder=claimant.holder,
        verified=claimant.verified,
    )


def body_digest(keys: Keys, route: Route, request: Request) -> str:
    """The digest of a whole body; members may come in any order where a move rewrites the body."""
    digest = keys.body()
    digest.add(_canonical(request.body) if _rewritten(route) else request.body)
    return digest.text


def in_service_terms(route: Route, parameters: Mapping[str, str], request: Request) -> Request:
    """A request on the legacy path as the gateway would have sent it; as it is where the gateway could not."""
    try:
        there = to_gateway(route, parameters, request)
        found = route.gateway.path.match(there.path) if route.gateway else None
        return request if found is None else to_legacy(route, found, there)
    except MappingError:
        return request


def _holder(keys: Keys, headers: Headers) -> str:
    credential = header(headers, "authorization")
    return keys.digest("credential", credential) if credential else ""


def _rewritten(route: Route) -> bool:
    return any(Where.BODY in (move.legacy.where, move.gateway.where) for move in route.moves)


def _canonical(body: bytes) -> bytes:
    try:
        return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body
