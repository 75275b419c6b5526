"""A small platform, and pairs on it, for the tests of the comparing core."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Exchange, Failure, Frame, Headers, Request, Response
from gateway.core.mapping import to_gateway
from gateway.core.path import PathPattern
from gateway.core.routes import (
    Access,
    Authorization,
    Change,
    Effect,
    Kind,
    Move,
    Place,
    Route,
    Service,
    ShadowPolicy,
    Target,
    Where,
)
from gateway.core.subject import fingerprint
from gateway.core.table import RouteTable
from shadow.classes.rule import Case
from shadow.observe import Setting
from shadow.pairing import READ, Pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.observation import Observation, Rule
    from shadow.diff.found import Found

KEY = b"a fingerprint key for tests only"
GATEWAY = "http://gw.example:8800"
PAGE = "http://localhost:3001"
JSON = (("content-type", "application/json"),)
PROBLEM = (("content-type", "application/problem+json"),)
CLIENT = "10.0.0.7"


def _target(text: str) -> Target:
    method, _, path = text.partition(" ")
    return Target(method, PathPattern(path))


def _route(route_id: str, legacy: str, gateway: str, service: str = "api", **more: Any) -> Route:
    effect = more.pop("effect", Effect.READ if legacy.startswith("GET") else Effect.WRITE)
    return Route(route_id, service, _target(legacy), _target(gateway), effect, Access.JWT, **more)


def _services() -> dict[str, Service]:
    return {
        "api": Service(
            "api", "http://api.example:8000", "http://10.1.0.1:8000", Authorization.FORWARD, "127.0.0.1:1"
        ),
        "compute": Service(
            "compute", "http://compute.example:8080", "http://10.1.0.2:8080", Authorization.STRIP, "127.0.0.1:2"
        ),
        "sidecar": Service(
            "sidecar",
            "http://sidecar.example:3000",
            "http://10.1.0.3:3000",
            Authorization.STRIP,
            "127.0.0.1:3",
            internal_key=False,
        ),
    }


TABLE = RouteTable(
    platform="small",
    services=_services(),
    routes=(
        _route("items.list", "GET /items", "GET /api/v1/items"),
        _route("items.get", "GET /items/{id}", "GET /api/v1/items/{id}"),
        _route("items.create", "POST /items", "POST /api/v1/items"),
        _route("users.list", "GET /users", "GET /api/v1/users"),
        _route("login", "POST /auth/login", "POST /api/v1/auth/login"),
        _route("invitations.get", "GET /auth/invitations/{token}", "GET /api/v1/auth/invitations/{token}"),
        _route("config.get", "GET /management/config/{type}", "GET /api/v1/config/{type}"),
        _route("insights.summary", "GET /management/insights/summary", "GET /api/v1/insights/summary"),
        _route("chat", "POST /v1/chat", "POST /api/v1/chat", kind=Kind.SSE, effect=Effect.METERED),
        _route("jobs.list", "GET /jobs", "GET /api/v1/jobs", "compute"),
        _route("jobs.create", "POST /jobs", "POST /api/v1/jobs", "compute"),
        _route(
            "jobs.stop",
            "POST /stop",
            "POST /api/v1/jobs/{id}/stop",
            "compute",
            moves=(Move(Place(Where.BODY, "job_id"), Place(Where.PATH, "id")),),
        ),
        _route(
            "jobs.find",
            "GET /find",
            "GET /api/v1/jobs/by-name/{name}",
            "compute",
            moves=(Move(Place(Where.QUERY, "name"), Place(Where.PATH, "name")),),
        ),
        _route(
            "logs.where", "GET /logs/{id}/stream", "GET /api/v1/jobs/{id}/log-stream", "compute", rewrites=("ws_url",)
        ),
        _route("logs", "GET /socket", "GET /api/v1/jobs/{id}/logs", "sidecar", kind=Kind.WEBSOCKET),
        _route("ranks.list", "GET /ranks", "GET /api/v1/ranks", shadow=ShadowPolicy(identity={"$.rows": "rank"})),
    ),
    changes=(
        Change("say-401", ("users.*",), "legacy says 500 where it means 401", 500, 401),
        Change("new-label", ("users.list",), "the label was renamed", at="body:$.label"),
    ),
)


def request(
    method: str = "GET",
    target: str = "/items",
    *headers: tuple[str, str],
    body: bytes | str | dict[str, Any] | list[Any] = b"",
) -> Request:
    """A dashboard request in legacy terms; a dict or list becomes a JSON body."""
    sent: Headers = (("Host", "api.example:8000"), ("Accept", "application/json"), *headers)
    if isinstance(body, dict | list):
        body, sent = json.dumps(body), (*sent, ("Content-Type", "application/json"))
    content = body.encode() if isinstance(body, str) else body
    return Request(method, target, sent, content, CLIENT)


def answer(body: Any = b"", *headers: tuple[str, str], status: int = 200, **more: Any) -> Response:
    """An answer; anything but bytes and text becomes a JSON body."""
    if isinstance(body, bytes):
        return Response(status, headers, body, **more)
    if isinstance(body, str):
        return Response(status, headers, body.encode(), **more)
    given = headers if any(name.lower() == "content-type" for name, _ in headers) else (*JSON, *headers)
    return Response(status, given, json.dumps(body, ensure_ascii=False).encode(), **more)


def table(*changes: Change) -> RouteTable:
    """The small platform with other declared changes."""
    return replace(TABLE, changes=changes)


def setting(rules: Mapping[str, Rule] | None = None, **more: Any) -> Setting:
    """A setting on the small platform whose clock stands at 1000."""
    values: dict[str, Any] = {"table": TABLE, "version": "1", "now": lambda: 1000.0, **more}
    return Setting(fingerprint_key=KEY, rules=rules or {}, gateway_url=GATEWAY, **values)


def pair(
    legacy: Response | Failure,
    gateway: Response | Failure,
    *,
    asked: Request | None = None,
    route: str = "",
    frames: tuple[tuple[Frame, ...], tuple[Frame, ...]] = ((), ()),
    **more: Any,
) -> Pair:
    """A pair of answers to one request; the route is the one that the request matches."""
    asked = asked or request()
    matched = _matched(asked, route)
    copy = to_gateway(matched[0], matched[1], asked)
    service = matched[0].service
    return Pair(
        matched[0],
        Exchange("one", service, asked, legacy, 500.0, 0.1, 0.2, frames[0]),
        Exchange("one", service, copy, gateway, 500.0, 0.1, 0.3, frames[1]),
        more.pop("mode", READ),
        "live",
        "user-1",
        **more,
    )


def _matched(asked: Request, route: str) -> tuple[Route, Mapping[str, str]]:
    method = asked.method
    if asked.is_preflight:
        method = next(value for name, value in asked.headers if name.lower() == "access-control-request-method")
    for service in TABLE.services:
        for upgrade in (False, True):
            found = TABLE.legacy(service).find(method, asked.path, upgrade=upgrade)
            if found:
                return found.route, found.parameters or {"id": "7"}
    named = TABLE.route(route)
    assert named is not None, asked
    return named, {}


def passed(asked: Request, *headers: tuple[str, str], without: tuple[str, ...] = (), **changed: Any) -> Request:
    """The request a right gateway sends upstream for this one, then with headers added, removed, or parts changed."""
    matched, _ = _matched(asked, "")
    service = TABLE.services[matched.service]
    host = service.internal.removeprefix("http://")
    dropped = {"host", "connection", "x-user-id", "x-internal-api-key", *without}
    if service.authorization is Authorization.STRIP:
        dropped.add("authorization")
    kept = tuple((name, _printed(name, value)) for name, value in asked.headers if name.lower() not in dropped)
    told = (
        ("X-Forwarded-For", CLIENT),
        ("X-Forwarded-Proto", "http"),
        ("Via", "1.1 cutover"),
        ("X-Request-ID", "r-1"),
    )
    own = tuple(item for item in told if item[0].lower() not in without)
    if service.internal_key:
        own = (*own, ("X-Internal-API-Key", fingerprint(KEY, "the internal key")))
    first = () if "host" in without else (("Host", host),)
    return replace(asked, headers=(*first, *kept, *own, *headers), **changed)


def _printed(name: str, value: str) -> str:
    return fingerprint(KEY, value) if name.lower() in {"authorization", "cookie"} else value


def case(one: Pair) -> Case:
    """What classes look at for a pair."""
    return Case(one, TABLE, GATEWAY)


def told(observation: Observation) -> list[str]:
    """The differences of an observation as `location path kind`, with ` by NAME` where something explains them."""
    return [
        " ".join(part for part in (item.location, item.path, str(item.kind), item.by and f"by {item.by}") if part)
        for item in observation.differences
    ]


def found_as(found: list[Found]) -> list[str]:
    """Raw differences as `location path kind`."""
    return [" ".join(part for part in (one.location, one.path, str(one.kind)) if part) for one in found]
