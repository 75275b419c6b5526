"""Which call stands for a route when traffic is mixed as it was observed, and why some routes are never called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Access, Effect, Kind
from loadtests.calls import Call, Learn, route_of
from loadtests.pages import DASHBOARD, FIRST, plain_read
from loadtests.things import creatable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

_FAILED = 500
_NOT_ALLOWED = 405

READS = (
    Call("filtration", "/auth/permissions"),
    Call("filtration", "/management/config/providers"),
    Call("filtration", "/management/deployments?skip=0&limit=1"),
    Call("filtration", "/admin/users"),
    Call("filtration", "/"),
    Call("inference", "/v1/chat/completions", method="OPTIONS", fine=(_NOT_ALLOWED,)),
    Call("orchestration", "/health"),
    Call("orchestration", "/deployment/logs/{deployment}", fine=(404,)),
    Call("orchestration", "/deployment/logs/{deployment}/stream", fine=(404,)),
    Call("orchestration", "/deployment/listDeployments/{pool}"),
    Call("orchestration", "/deployment/provider/resources?provider=nosana"),
    Call("orchestration", "/inventory/providers"),
    Call("inference", "/v1/models"),
)
"""Reads that no page of the persona asks for, and other clients do."""
CHAT = Call(
    "inference",
    "/v1/chat/completions",
    method="POST",
    body={"model": "{model}", "messages": [{"role": "user", "content": "Hello from a load test"}]},
)
MODELS = READS[-1]
OWN_MODELS = Call(
    "orchestration",
    "/deployment/deployments?org_id={org}",
    Learn("model", "deployments", "model_name", only=("state", "RUNNING")),
)
"""Which models the account's own organisation runs: `/v1/models` lists everybody's."""
LOG_STREAM = Call("orchestration", "/deployment/logs/{deployment}/stream")
SOCKET = Call("sidecar", "/nosana")
UPLOAD = Call("filtration", "/management/data/upload", method="POST")

NEVER = {
    "auth.login": "the platform locks an account after five sign-ins in a minute",
    "auth.logout": "it may end the session that all users share",
    "auth.refresh": "it may replace the session that all users share",
    "auth.switch-org": "it would move the session that all users share",
    "auth.totp-setup": "it replaces the account's second factor",
    "auth.totp-verify": "it changes the account's second factor",
    "auth.totp-disable": "it changes the account's second factor",
    "auth.invitation": "its token is told to the invited only",
    "registry.list": "legacy answers it with 500 always",
    "external-deployments.models": "legacy answers it with 500 always",
    "config.set": "it changes a setting that everybody uses",
    "config.set-providers": "it changes a setting that everybody uses",
    "organizations.update": "it changes a setting that everybody uses",
    "admin.set-role": "it changes what a person may do",
}
"""Routes that a load test leaves alone, each with its reason."""


def calls_by_route(table: RouteTable) -> dict[str, Call]:
    """The call that stands for each route, the dashboard's own where it asks for it; plain reads of any platform."""
    found: dict[str, Call] = {}
    for call in _known():
        route = route_of(table, call)
        if route and route.id not in NEVER:
            found.setdefault(route.id, call)
    for route in table.routes:
        if plain_read(route) and route.id not in NEVER:
            found.setdefault(route.id, Call(route.service, route.legacy.path.text))
    return found


def _known() -> Iterable[Call]:
    yield from (call for page in (FIRST, *DASHBOARD) for wave in page.waves for call in wave)
    yield from (*READS, CHAT)


def refusal(table: RouteTable, route_id: str, *, writes: bool, key: bool, left_out: Collection[str]) -> str:
    """Why this route is not called when traffic is mixed; empty when it is.

    `writes` says whether writes were asked for, `key` whether there is an API key.
    """
    route = table.route(route_id)
    if route is None:
        return "the route table has no such route"
    if route.gateway is None:
        return "it is internal, so not on the gateway"
    if route_id in left_out:
        return "the gateway does not serve it yet"
    return NEVER.get(route_id, "") or _unasked(table, route, writes=writes, key=key)


def _unasked(table: RouteTable, route: Route, *, writes: bool, key: bool) -> str:
    if route.effect is Effect.WRITE:
        if route.id not in written(table) and route.id != upload_route(table):
            return "what it does cannot be undone by a load test"
        return "" if writes else "it writes; --writes sends such calls and deletes what they create"
    if route.kind is Kind.WEBSOCKET:
        return "" if route.id == socket_route(table) else "no conversation is known for it"
    if route.id not in calls_by_route(table):
        return "no call is known for it"
    if route.access is Access.API_KEY and not key:
        return "it needs an API key: set CUTOVER_LOAD_API_KEY, or let --writes create one"
    return ""


def written(table: RouteTable) -> dict[str, tuple[str, Call]]:
    """Routes that create, use or delete a thing: the thing's name, and which of its calls the route takes."""
    found: dict[str, tuple[str, Call]] = {}
    for thing in creatable(table):
        for call in (thing.create, thing.delete, *thing.acts):
            route = route_of(table, call)
            if route is not None:
                found[route.id] = (thing.name, call)
    return found


def upload_route(table: RouteTable) -> str:
    """The id of the route that takes documents; empty without one."""
    route = route_of(table, UPLOAD)
    return route.id if route else ""


def socket_route(table: RouteTable) -> str:
    """The id of the route of the log socket; empty without one."""
    if SOCKET.service not in table.services:
        return ""
    matched = table.legacy(SOCKET.service).find("GET", SOCKET.target, upgrade=True)
    return matched.route.id if matched and matched.route.kind is Kind.WEBSOCKET else ""
