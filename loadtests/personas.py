"""The personas by name: which locust user each is, what it must be able to call, and whether it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.routes import Kind
from loadtests.calls import Call, Learn
from loadtests.catalogue import CHAT, LOG_STREAM, MODELS, OWN_MODELS, SOCKET, UPLOAD
from loadtests.results import LEGACY

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

MIXED = "mixed"
POOLS = Call("orchestration", "/deployment/listPools/{org}", Learn("pool", "pools", "pool_id"))
DEPLOYMENTS = Call(
    "orchestration", "/deployment/deployments?org_id={org}", Learn("deployment", "deployments", "deployment_id")
)
HEARTBEAT = Call("orchestration", "/inventory/heartbeat", method="POST")


@dataclass(frozen=True, slots=True)
class Persona:
    """One persona. `counted` are the calls it is there for, `asked` what it needs to know first.

    `key` says that it needs an API key, `writes` what it changes on the platform (empty: nothing).
    """

    user: str
    title: str
    counted: tuple[Call, ...] = ()
    asked: tuple[Call, ...] = ()
    key: bool = False
    writes: str = ""


PERSONAS = {
    "dashboard": Persona("DashboardUser", "opens the dashboard's pages as recorded"),
    "api": Persona("ApiClient", "asks for completions, whole and streamed", (CHAT, MODELS), (OWN_MODELS,), key=True),
    "logs": Persona("LogWatcher", "watches a deployment's log", (LOG_STREAM, SOCKET), (DEPLOYMENTS,)),
    "uploader": Persona("Uploader", "uploads documents", (UPLOAD,), writes="documents, with --keep-uploads"),
    "node": Persona("Node", "sends heartbeats of nodes", (HEARTBEAT,),
                    writes="that named nodes are ready, with CUTOVER_LOAD_NODES"),
}  # fmt: skip
"""By the name that `--persona` takes."""


def personas_routes(table: RouteTable, persona: Persona) -> tuple[Route, ...]:
    """The routes that a persona is counted under."""
    return tuple(route for call in persona.counted if (route := _route(table, call)))


def needed_routes(table: RouteTable, persona: Persona) -> tuple[Route, ...]:
    """The routes that a persona needs an address for."""
    return tuple(route for call in (*persona.counted, *persona.asked) if (route := _route(table, call)))


def hindrance(table: RouteTable, persona: Persona, sides: Collection[str], left_out: Collection[str]) -> str:
    """Why this persona can do nothing on these sides; empty when it can."""
    for call in (*persona.counted, *persona.asked):
        route = _route(table, call)
        if route is None:
            return f"the route table has nothing for {call.method} {call.target} on {call.service}"
        if route.gateway is None and LEGACY not in sides:
            return f"{route.id} is not on the gateway; load legacy or both"
        if route.id in left_out:
            return f"the gateway does not serve {route.id} yet"
    return ""


def _route(table: RouteTable, call: Call) -> Route | None:
    """Unlike `calls.route_of` this knows routes that are not exposed, and sockets."""
    if call.service not in table.services:
        return None
    path = call.target.partition("?")[0].replace("{", "").replace("}", "")
    for upgrade in (False, True):
        matched = table.legacy(call.service).find(call.method, path, upgrade=upgrade)
        if matched is not None and (matched.route.kind is Kind.WEBSOCKET) == upgrade:
            return matched.route
    return None
