"""Existing paths of one service on the gateway's own port, as if the gateway were not there.

Nothing is enforced, mapped or rewritten: the service's own answers stand, a 500 that means 401 included. Headers are
cleaned as for any request, the client's Host is kept, and callers are told what comes after. Internal routes never
pass: services call each other at their internal addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.answer import Answer
from gateway.caller import ANONYMOUS
from gateway.core.exchange import Request, header
from gateway.core.mapping import MappingError, to_gateway
from gateway.core.routes import Effect, Stage
from gateway.core.successor import deprecated_since, successor_link, successor_url, sunset_at
from gateway.guard import check_crossing
from gateway.headers import response_headers
from gateway.prepare import with_forwarding
from gateway.problem import Gone, Moved, NotAllowed
from gateway.record import shown_path

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.core.exchange import Headers
    from gateway.core.table import Matched, RouteTable
    from gateway.exchange import Gate
    from gateway.flags.flag import Flag, FlagSnapshot
    from gateway.incoming import Body
    from gateway.record import Entry

PASSED = "passthrough"
"""How such a call stands, in metrics and log."""


class Passing(Protocol):
    """What is needed of a call; see `gateway.handle`."""

    table: RouteTable
    request: Request
    body: Body
    scheme: str
    entry: Entry
    told: Headers


def existing(table: RouteTable, request: Request) -> Matched | None:
    """The exposed route whose existing path at the service that passes through is asked for; None for any other.

    Raises:
        NotAllowed: the path exists under other methods.
        Moved: it exists without its trailing slash.
    """
    service = table.policy.passthrough
    if not service:
        return None
    lookup, path = table.legacy(service), request.path
    method = (request.is_preflight and header(request.headers, "access-control-request-method")) or request.method
    found = _exposed(lookup.find(method, path))
    if found is not None:
        return found
    methods = [one for one in lookup.methods(path) if _exposed(lookup.find(one, path))]
    if methods:
        raise NotAllowed(methods)
    bare = path.rstrip("/")
    if bare and bare != path and _exposed(lookup.find(method, bare)):
        raise Moved(bare + request.target[len(path) :])
    return None


def _exposed(found: Matched | None) -> Matched | None:
    return found if found is not None and found.route.gateway is not None else None


async def pass_through(context: Gate, flags: FlagSnapshot, call: Passing, matched: Matched) -> Answer:
    """The service's own answer.

    Raises:
        BadRequest: the request can be read in two ways.
        Gone: the route is closed.
        NotFound: the service would take the path for another route.
        UpstreamProblem: the service gave no usable answer.
        ClientGone: the client left.
    """
    context.parts.guard(call.request)
    route, table, entry = matched.route, call.table, call.entry
    flag = flags.flag(route.id)
    entry.route, entry.path, entry.standing = route.id, shown_path(matched, context.settings.fingerprint_key), PASSED
    if call.request.is_preflight:
        methods = table.legacy(route.service).methods(call.request.path)
        answer: Answer = context.parts.preflight(table.policy.cors, call.request, methods)
        return answer
    check_crossing(table, route, call.request)
    context.metrics.count("cutover_passthrough_total", route=route.id, stage=str(flag.stage))
    target = _gateway_target(matched, call.request)
    call.told += _told(flag, successor_url(context.public_url, route, target))
    if flag.stage is Stage.CLOSED:
        raise Gone(f"{route.legacy} is closed; use {route.gateway} at {context.public_url}", reason="closed")
    call.body.check()
    request = _dressed(context, call, matched)
    entry.ask(route.service)
    work = context.parts.forward(
        context.pool,
        table.services[route.service],
        route,
        request,
        None if call.body.taken else call.body,
        budget=context.resilience.budgets.of(route.service),
        policy=table.policy.retries,
        metrics=context.metrics,
        renewed=_same,
    )
    if route.effect is Effect.WRITE:
        upstream = await _written(context, matched, target.partition("?")[0], work)
    else:
        upstream = await context.resilience.attention.over(call.body, work)
    entry.hear(upstream.status)
    return Answer(upstream.status, response_headers(upstream.headers), upstream)


async def _written[T](context: Gate, matched: Matched, path: str, work: Awaitable[T]) -> T:
    """What is kept of the gateway's path ends with a write that may have happened at the existing one."""
    try:
        return await work
    finally:
        drops = matched.route.cache.drops if matched.route.cache else ()
        context.resilience.reuse.written(matched.route.service, path, drops)


def _dressed(context: Gate, call: Passing, matched: Matched) -> Request:
    service = call.table.services[matched.route.service]
    hops, call.entry.client = with_forwarding(call.request, call.scheme, call.table.policy, service)
    if call.entry.trace is not None:
        hops += call.entry.trace.headers()
    request: Request = context.parts.dressed(
        call.request, service, ANONYMOUS, told=hops, request_id=call.entry.request_id, hand_off=None
    )
    # What the service writes with the Host it was called by, as in redirects, must be true for the client.
    host = ("Host", header(call.request.headers, "host") or "")
    headers = (host, *(pair for pair in request.headers if pair[0].lower() != "host"))
    return Request(request.method, request.target, headers, request.body, request.client)


def _same(request: Request) -> Request:
    # Nothing in it is good for one attempt only: no context is stated.
    return request


def _gateway_target(matched: Matched, request: Request) -> str:
    try:
        return to_gateway(matched.route, matched.parameters, request).target
    except MappingError:
        return ""


def _told(flag: Flag, successor: str) -> Headers:
    if flag.stage.rank < Stage.GATEWAY.rank:
        return ()
    sunset: Headers = (("Sunset", sunset_at(flag.sunset)),) if flag.sunset else ()
    return (("Deprecation", deprecated_since(flag.at)), *sunset, ("Link", successor_link(successor)))
