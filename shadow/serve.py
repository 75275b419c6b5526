"""Which side serves a call on the legacy path, and what becomes of its copy. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.exchange import header
from gateway.core.mapping import MappingError, to_gateway
from gateway.core.observation import Bucket
from gateway.core.routes import Effect, Kind, Stage, Where
from gateway.core.subject import subject_of
from shadow.plan import Copying, Plan, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.exchange import Request
    from gateway.core.routes import Move, Route
    from gateway.core.subject import Subject
    from gateway.core.table import Matched, RouteTable
    from gateway.flags.flag import FlagSnapshot

_ASKED = "Access-Control-Request-Method"


def find(table: RouteTable, service: str, request: Request) -> Matched | None:
    """The route of a legacy request; a preflight belongs to the route it asks for."""
    method = header(request.headers, _ASKED) or "" if request.is_preflight else request.method
    return table.legacy(service).find(method, request.path, upgrade=request.is_upgrade)


def decide(table: RouteTable, snapshot: FlagSnapshot, service: str, request: Request, key: bytes) -> Plan:
    """The plan for a request at a service's listener; `key` fingerprints API keys for the cohort."""
    subject = subject_of(request, key)
    matched = find(table, service, request)
    if matched is None:
        return Plan(service, subject, bucket=Bucket.UNMATCHED)
    route = matched.route
    flag = snapshot.flag(route.id)
    plan = Plan(service, subject, route, dict(matched.parameters), flag)
    if flag.stage is Stage.CLOSED:
        return replace(plan, side=Side.SHADOW, bucket=Bucket.OFF, reason="closed")
    if flag.stage is Stage.LEGACY:
        return replace(plan, bucket=Bucket.OFF)
    if route.kind is Kind.WEBSOCKET:
        return replace(plan, bucket=Bucket.UNMIRRORED, reason="websocket")
    made = _copied(plan, request, gateway=_gateway_serves(snapshot, route, subject, request))
    return _unmarked(made, request) if table.mirroring.foreign else made


def _unmarked(plan: Plan, request: Request) -> Plan:
    """The plan beside a gateway that knows no dry run: what is no read is never sent to it."""
    assert plan.route is not None  # noqa: S101 - a plan gets here only with its route
    if plan.copying is Copying.NONE or copyable(plan.route, request):
        return plan
    return replace(plan, copying=Copying.NONE, bucket=Bucket.UNMIRRORED, reason=str(plan.route.effect))


def copyable(route: Route, request: Request) -> bool:
    """Whether a copy does no harm wherever it is sent, marked or not."""
    return route.effect is Effect.READ or request.is_preflight


def _gateway_serves(snapshot: FlagSnapshot, route: Route, subject: Subject, request: Request) -> bool:
    if request.is_preflight:
        # It carries no identity, so it cannot follow its caller into a cohort.
        return snapshot.flag(route.id).stage is Stage.GATEWAY
    return snapshot.serves_gateway(route, subject)


def _copied(plan: Plan, request: Request, *, gateway: bool) -> Plan:
    route = plan.route
    assert route is not None  # noqa: S101 - a plan gets here only with its route
    side = Side.GATEWAY if gateway else Side.LEGACY
    if route.shadow.mode == "off":
        return replace(plan, side=side, bucket=Bucket.OFF)
    if not gateway:
        return replace(plan, copying=_legacy_served(route, request), bucket=Bucket.PENDING)
    if route.effect is not Effect.READ and not request.is_preflight:
        copying = Copying.ANSWER if route.effect is Effect.WRITE else Copying.NONE
        return replace(plan, side=side, copying=copying, bucket=Bucket.UNMIRRORED, reason=str(route.effect))
    return replace(plan, side=side, copying=Copying.SERVED, bucket=Bucket.PENDING)


def _legacy_served(route: Route, request: Request) -> Copying:
    if route.effect is Effect.READ or request.is_preflight:
        return Copying.READ
    return Copying.METERED if route.effect is Effect.METERED and route.shadow.budget else Copying.DRY_RUN


def needs_body(route: Route) -> bool:
    """Whether the request cannot be mapped before its body is read."""
    return any(Where.BODY in (move.legacy.where, move.gateway.where) for move in route.moves)


def in_gateway_terms(route: Route, parameters: Mapping[str, str], request: Request) -> Request:
    """The request as the gateway is asked; a preflight asks there for the gateway's method.

    Raises:
        MappingError: it cannot be said in the gateway's terms.
    """
    if not request.is_preflight:
        return to_gateway(route, parameters, request)
    if route.gateway is None:
        raise MappingError(f"route {route.id} is internal and has no gateway path")
    asked = tuple(
        (name, route.gateway.method if name.lower() == _ASKED.lower() else value) for name, value in request.headers
    )
    mapped = to_gateway(replace(route, moves=_spoken(route)), parameters, request)
    return replace(mapped, method="OPTIONS", headers=asked, body=request.body)


def _spoken(route: Route) -> tuple[Move, ...]:
    # A preflight has no body, and browsers put only the URL into it.
    return tuple(move for move in route.moves if Where.BODY not in (move.legacy.where, move.gateway.where))
