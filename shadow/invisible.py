"""The shadow's own answers, readable for a browser (CORS), and redirects said in legacy's terms."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.core.exchange import Request, Response, header
from gateway.core.mapping import MappingError, to_legacy
from gateway.core.successor import deprecated_since, successor_link, sunset_at
from gateway.core.successor import successor_url as core_url
from shadow.forwarded import FORWARDED_PROTO

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.core.policy import Cors
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.flags.flag import Flag
    from shadow.turn import Turn

_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


def cors_headers(cors: Cors, request: Request) -> Headers:
    """What lets the page that asked read the answer: nothing without an allowed Origin."""
    origin = header(request.headers, "origin")
    if origin is None or not ("*" in cors.origins or origin in cors.origins):
        return ()
    any_origin = "*" in cors.origins and header(request.headers, "cookie") is None and not request.is_preflight
    named: Headers = (("access-control-allow-origin", "*" if any_origin else origin),)
    if cors.credentials:
        named = (*named, ("access-control-allow-credentials", "true"))
    return named if any_origin else (*named, ("vary", "Origin"))


def preflight(cors: Cors, request: Request) -> Response:
    """The answer to a preflight for a closed route, so that the browser goes on and reads the 410."""
    allowed = cors_headers(cors, request)
    if not allowed:
        return _text(400, "Disallowed CORS origin", ())
    asked = header(request.headers, "access-control-request-headers")
    granted: Headers = (
        ("access-control-allow-methods", _METHODS),
        ("access-control-max-age", str(cors.max_age)),
        *((("access-control-allow-headers", asked),) if asked else ()),
    )
    return _text(200, "OK", (*allowed, *granted))


def closed(table: RouteTable, route: Route, request: Request, successor: str) -> Response:
    """410 for a closed route (RFC 9110 §15.5.11), with a link to what serves now; `successor` is a URL or empty."""
    if request.is_preflight:
        return preflight(table.policy.cors, request)
    link: Headers = (("link", successor_link(successor)),) if successor else ()
    detail = f"{route.legacy} is closed; use {route.gateway} at {table.policy.public_url}"
    return _problem(410, "Gone", detail, (*link, *cors_headers(table.policy.cors, request)))


def gone(table: RouteTable, turn: Turn) -> Response:
    """The same for a turn whose route is closed."""
    assert turn.plan.route is not None  # noqa: S101 - only routes are closed
    return closed(table, turn.plan.route, turn.request, successor(table, turn))


def unavailable(table: RouteTable, service: str, request: Request) -> Response:
    """503 when the service that should serve does not answer."""
    headers = cors_headers(table.policy.cors, request)
    return _problem(503, "Service Unavailable", f"{service} does not answer", (("retry-after", "1"), *headers))


def conflict(status: int, detail: str, reason: str, headers: Headers) -> Response:
    """The shadow's word on a key that stands in the way: 409 or 422, with the gateway's `reason`."""
    return _problem(status, HTTPStatus(status).phrase, detail, headers, reason=reason)


def farewell(flag: Flag, successor: str) -> Headers:
    """Deprecation (RFC 9745), Sunset (RFC 8594) and the successor, once a sunset is announced."""
    if not flag.sunset:
        return ()
    link: Headers = (("Link", successor_link(successor)),) if successor else ()
    return (("Deprecation", deprecated_since(flag.at)), ("Sunset", sunset_at(flag.sunset)), *link)


def home(table: RouteTable, service: str, request: Request, location: str) -> str:
    """A Location from the gateway as legacy would write it: the legacy path on the Host the client called.

    A Location that leaves the gateway, or that names no path of this service, is left as it is.
    """
    parts = urlsplit(location)
    host = header(request.headers, "host") or ""
    if parts.netloc and parts.netloc not in _own(table, host):
        return location
    target = location[location.index(parts.netloc) + len(parts.netloc) :] if parts.netloc else location
    back = _legacy_target(table, service, target.partition("#")[0])
    if back is None:
        return location
    scheme = header(request.headers, FORWARDED_PROTO) or parts.scheme
    return f"{scheme}://{host}{back}" if parts.netloc else back


def _own(table: RouteTable, host: str) -> set[str]:
    urls = (table.policy.public_url, table.mirroring.candidate)
    return {host, table.policy.listen, *(urlsplit(url).netloc for url in urls)}


def not_here(status: int, detail: str) -> Response:
    """The answer to a request that is not the platform's, or came in by a way that is not its own."""
    return _problem(status, HTTPStatus(status).phrase, detail, ())


def _legacy_target(table: RouteTable, service: str, target: str) -> str | None:
    path = target.partition("?")[0]
    for method in table.exposed.methods(path):
        matched = table.exposed.find(method, path)
        if matched and matched.route.service == service:
            try:
                return to_legacy(matched.route, matched.parameters, Request(method, target)).target
            except MappingError:
                continue
    return None


def successor(table: RouteTable, turn: Turn) -> str:
    """Where the route of a turn lives now; empty without a route."""
    mapped = turn.in_gateway_terms()
    return successor_url(table, turn.plan.route, mapped.target if mapped else "") if turn.plan.route else ""


def successor_url(table: RouteTable, route: Route, target: str) -> str:
    """Where the route lives now: the mapped target, or its pattern when the request could not be mapped."""
    return core_url(table.policy.public_url, route, target)


def _problem(status: int, title: str, detail: str, headers: Headers, **members: str) -> Response:
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    body = json.dumps(said).encode()
    fixed: Headers = (("content-type", "application/problem+json"), ("content-length", str(len(body))))
    return Response(status, (*fixed, *headers), body, title)


def _text(status: int, text: str, headers: Headers) -> Response:
    body = text.encode()
    fixed: Headers = (("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body))))
    return Response(status, (*fixed, *headers), body, "OK" if status < 300 else "Bad Request")  # noqa: PLR2004
