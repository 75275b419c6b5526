"""Addresses in answers that would lead a client past the gateway: redirects and socket addresses. Pure."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_gateway
from gateway.core.routes import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Headers
    from gateway.core.routes import Route, Service
    from gateway.core.table import Matched, RouteTable

_ADDRESSES = frozenset({"location", "content-location"})
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def rewritten_location(table: RouteTable, service: Service, request: Request, headers: Headers) -> Headers:
    """`Location` and `Content-Location` of the service, said in gateway paths; other hosts' stay.

    `request` is the one sent upstream. An address of the service without a route keeps its path and loses its
    host, so that it stays on the gateway.
    """
    if not [name for name, _ in headers if name.lower() in _ADDRESSES]:
        return headers
    return tuple(
        (name, _location(table, service, request, value)) if name.lower() in _ADDRESSES else (name, value)
        for name, value in headers
    )


def _location(table: RouteTable, service: Service, request: Request, value: str) -> str:
    try:
        parts = urlsplit(value)
    except ValueError:
        return value
    host = next(text for name, text in request.headers if name.lower() == "host")
    own = {urlsplit(service.internal).netloc, urlsplit(service.legacy).netloc, host}
    if (parts.netloc and parts.netloc not in own) or (parts.scheme and not parts.netloc):
        return value
    if not parts.path.startswith("/"):
        return value
    # A browser takes `//x` and `/\\x` for another host.
    target = "/" + parts.path.lstrip("/\\") + (f"?{parts.query}" if parts.query else "")
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return gateway_target(table, service.name, request.method, target) + fragment


def gateway_target(table: RouteTable, service: str, method: str, target: str) -> str:
    """A service's target in gateway terms; unchanged where no route has it."""
    path = target.partition("?")[0]
    for candidate in (method, *_METHODS):
        for spelling in (path, path.rstrip("/")):
            matched = table.legacy(service).find(candidate, spelling)
            if matched is not None and matched.route.gateway is not None:
                asked = Request(candidate, spelling + target[len(path) :])
                try:
                    return to_gateway(matched.route, matched.parameters, asked).target
                except MappingError:
                    continue
    return target


def socket_path(table: RouteTable, matched: Matched) -> str | None:
    """The gateway path of the socket whose address a matched descriptor route hands out."""
    socket = socket_of(table, matched.route)
    return socket.gateway.path.fill(matched.parameters) if socket and socket.gateway else None


def socket_of(table: RouteTable, descriptor: Route) -> Route | None:
    """The websocket route that a descriptor leads to: of those with its parameters, the one on the nearest path."""
    if descriptor.gateway is None or not descriptor.rewrites:
        return None
    path = descriptor.gateway.path
    known = [
        (_shared(path.segments, route.gateway.path.segments), route)
        for route in table.routes
        if route.kind is Kind.WEBSOCKET and route.gateway and set(route.gateway.path.names) <= set(path.names)
    ]
    return max(known, key=lambda found: found[0])[1] if known else None


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def rewritten_body(body: bytes, members: tuple[str, ...], to: Callable[[str, dict[str, Any]], str]) -> bytes:
    """A JSON object with the named members replaced by `to(value, document)`; anything else comes back as it is.

    Members are top-level names, with or without a leading `$.`.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    names = [member.removeprefix("body:").removeprefix("$.") for member in members]
    held = [name for name in names if isinstance(document, dict) and isinstance(document.get(name), str)]
    if not held:
        return body
    document.update({name: to(document[name], document) for name in held})
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
