"""Refuses what could be read in two ways, before anything decides on it. Pure.

What the server has already refused or hidden is written down in docs/gateway.md.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gateway.core.exchange import header_values
from gateway.core.readings import readings
from gateway.core.recall import recalled
from gateway.problem import BadRequest, HeadersTooLarge, NotFound, Problem

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

HEADER_LIMIT = 64 * 1024
HEADER_COUNT = 128
_SINGLE = ("host", "content-length", "transfer-encoding", "authorization", "content-type")
_UNSAFE = re.compile(r"[^\x21-\x7e]|[\\#]")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"%(?:[01][0-9A-Fa-f]|7[Ff])")
_TAME = re.compile(r"[a-z0-9_~-](?:[a-z0-9_~.-]*[a-z0-9_~-])?(?:/[a-z0-9_~-](?:[a-z0-9_~.-]*[a-z0-9_~-])?)*")
"""Most parameters: every server reads them alike, since nothing is to be decoded, folded or cut off."""
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)+(?:\?[A-Za-z0-9_~.&=%+:,@*-]*)?")
"""Most targets: no segment is empty or begins with a dot, the path holds no escape, so nothing else need be asked."""


def guard(request: Request) -> None:
    """Pass a request that every party reads alike; with any other the connection ends, since so may what follows it.

    Raises:
        BadRequest: target, Host or framing is missing, doubled, malformed or tries to climb.
        HeadersTooLarge: the header section exceeds 64 KiB or 128 lines.
    """
    try:
        _check_head(request.headers)
        check_target(request.target)
    except Problem as problem:
        problem.headers = (*problem.headers, ("connection", "close"))
        raise


def check_target(target: str) -> None:
    """Pass an origin-form target (RFC 9112 §3.2.1) whose path cannot change its meaning when it is decoded.

    Raises:
        BadRequest: it is of another form, or holds dot segments, empty segments, control characters, backslashes
            or broken escapes.
    """
    if _PLAIN.fullmatch(target):
        return
    path, _, query = target.partition("?")
    if not path.startswith("/"):
        raise BadRequest("The request target must be a path", reason="target")
    if _UNSAFE.search(path) or _ESCAPE.search(path) or _CONTROL.search(path):
        raise BadRequest("The path holds characters that must not stand in one", reason="target")
    if _UNSAFE.search(query):
        raise BadRequest("The query holds characters that must not stand in one", reason="target")
    segments = unquote(path).split("/") if "%" in path else path.split("/")
    if any(segment in {".", ".."} for segment in segments):
        raise BadRequest("The path holds dot segments", reason="target")
    if "" in segments[1:-1]:
        raise BadRequest("The path holds empty segments", reason="target")


def check_crossing(table: RouteTable, route: Route, upstream: Request, *, upgrade: bool = False) -> None:
    """Refuse a request that the service would take for another route once it has decoded the path.

    `/pools/%68ealth` must not reach `/pools/health` under the rule of `/pools/{id}`. What only a lenient one would
    read so (`/pools/Health`, `/pools/health;x`) is refused where the other route has another access rule, and always
    where it would climb (`/pools/..;/x`).

    Raises:
        NotFound: the path belongs to another route of this service, or nobody can say to which.
    """
    if not route.legacy.path.names:
        return
    path = upstream.path
    check_target(path)
    decoded = unquote(path, errors="surrogateescape") if "%" in path else path
    found = table.legacy(route.service).find(upstream.method, decoded, upgrade=upgrade)
    if found is not None and found.route.id != route.id:
        raise NotFound("Not Found", reason="crossing")
    start = route.legacy.path.text.partition("{")[0]
    if upstream.method != "HEAD" and path.startswith(start) and _TAME.fullmatch(path, len(start)):
        return
    if not (read_as := readings(path)):
        raise NotFound("Not Found", reason="crossing")
    # Frameworks answer HEAD on the routes of GET.
    methods = ("HEAD", "GET") if upstream.method == "HEAD" else (upstream.method,)
    for reading, method in product(read_as, methods):
        found = table.loose(route.service).find(method, reading, upgrade=upgrade)
        if found is not None and access_rule(found.route) != access_rule(route):
            raise NotFound("Not Found", reason="crossing")


def access_rule(route: Route) -> tuple[object, ...]:
    """What decides who may call a route: equal rules let equal callers in."""
    return (route.access, route.api_key, route.permission, route.scope, route.own, route.lookups, route.tenancy)


@recalled
def _check_head(headers: Headers) -> None:
    _check_size(headers)
    _check_framing(headers)


def _check_size(headers: Headers) -> None:
    if len(headers) > HEADER_COUNT or sum(len(name) + len(value) for name, value in headers) > HEADER_LIMIT:
        raise HeadersTooLarge("The header section is too large", reason="headers")


def _check_framing(headers: Headers) -> None:
    names = [name.lower() for name, _ in headers]
    for name in _SINGLE:
        if names.count(name) > 1:
            raise BadRequest(f"More than one {name.title()} header", reason="framing")
    host = header_values(headers, "host")
    if not host or not host[0] or re.search(r"[\s/?#@\\,]", host[0]):
        raise BadRequest("The Host header is missing or malformed", reason="framing")
    length, coding = header_values(headers, "content-length"), header_values(headers, "transfer-encoding")
    if length and coding:
        raise BadRequest("Content-Length and Transfer-Encoding exclude each other", reason="framing")
    if length and not (length[0].isascii() and length[0].isdigit()):
        raise BadRequest("Content-Length must be a number", reason="framing")
    if coding and coding[0].strip().lower() != "chunked":
        raise BadRequest("Transfer-Encoding other than chunked is not understood", reason="framing")
    if _upgrades(headers) and (coding or length not in ([], ["0"])):
        # Where the body ends and the other protocol begins is read in two ways.
        raise BadRequest("A request with a body cannot ask for an upgrade", reason="framing")


def _upgrades(headers: Headers) -> bool:
    asked = ",".join(header_values(headers, "connection")).lower().split(",")
    return bool(header_values(headers, "upgrade")) and "upgrade" in {token.strip() for token in asked}
