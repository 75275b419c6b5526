"""What one request head comes to: all that the spine decided on it, and for how long that holds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.exchange import header
from gateway.core.permissions import AUTHENTICATED
from gateway.core.routes import Access, Effect, Kind
from gateway.core.trace import SAMPLED, Trace, continued
from gateway.downstream import HEADER
from gateway.handle import come_from
from gateway.limit.headers import told
from gateway.limit.limits import bucket
from gateway.limit.subject import subject_of
from gateway.limit.token_bucket import Taken
from gateway.prepare import dressed, mapped
from gateway.record import fixed
from gateway.transport.client import serialise
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from gateway.authorise.granted import Granted
    from gateway.caller import Caller
    from gateway.context import Begun
    from gateway.core.exchange import Request
    from gateway.core.routes import Route, Service
    from gateway.core.table import Matched, RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.handle import Call, Context, Passed
    from gateway.limit.token_bucket import Pace
    from gateway.record import Entry, Fixed
    from gateway.transport.origin import Origin

_FOREVER = (float("inf"), float("inf"))


class Terms(NamedTuple):
    """On what a plan was decided. `until` are the times at which the credential ends, by the clock and monotonic."""

    table: RouteTable
    flags: FlagSnapshot
    granted: Granted | None
    generation: int
    until: tuple[float, float]


class Bucket(NamedTuple):
    """Where a request takes its token, and the texts around the numbers with which its answer tells of it."""

    key: str
    pace: Pace
    begin: str
    middle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plain read. `pieces` of the request for the service stand around trace, span, context and id.

    `request_id` is the client's own, empty where each request gets a new one; `trace` what it says of a trace.
    """

    matched: Matched
    caller: Caller
    service: Service
    origin: Origin
    entry: Entry
    same: Fixed
    bucket: Bucket | None
    pieces: tuple[str, str, str, str, str]
    begun: Begun | None
    request_id: str
    trace: Trace | None


def is_plain(route: Route, caller: Caller, request: Request) -> bool:
    """Whether nothing but the head decides on a request to this route, and nothing but time changes that.

    An API key is taken by the service's word, an owner is looked up, a kept answer depends on what was kept.
    """
    return (
        request.method == "GET"
        and route.effect is Effect.READ
        and route.kind is Kind.HTTP
        and route.access in {Access.PUBLIC, Access.JWT}
        and (caller.scheme == "jwt" or route.access is Access.PUBLIC)
        and not (route.health or route.coalesce or route.cache or route.rewrites or route.lookups)
    )


def terms_of(context: Context, call: Call, passed: Passed) -> Terms | None:
    """On what this call was let through; None where that cannot be told any more."""
    table, route = call.table, passed.matched.route
    granted = None if route.permission in {"", AUTHENTICATED} else passed.granted
    if granted is None and route.permission not in {"", AUTHENTICATED}:
        return None
    tokens = context.identity.tokens(table.policy)
    until: tuple[float, float] | None = _FOREVER
    if route.access is Access.JWT:
        until = tokens.until(tokens.digest(header(call.request.headers, "authorization") or ""))
    if until is None:
        return None
    return Terms(table, passed.flags, granted, tokens.generation, until)


def plan_of(context: Context, call: Call, matched: Matched, caller: Caller) -> Plan | None:
    """The plan for what this call was; None where its request cannot be told apart from what changes in it."""
    table, entry, service = call.table, call.entry, call.table.services[matched.route.service]
    given, mark = continued(call.request.headers), secrets.token_hex(16)
    flags, state = (given.flags, given.state) if given else (SAMPLED, "")
    marks = Trace(secrets.token_hex(16), secrets.token_hex(8), flags, state)
    sample = replace(call, entry=replace(entry, trace=marks))
    come_from(sample, matched)
    request = dressed(
        mapped(table, matched, call.request),
        service,
        caller,
        told=sample.hops,
        request_id=mark,
        hand_off=context.hand_off,
    )
    signed = header(request.headers, HEADER) if service.context else None
    pieces = _cut(serialise(request).decode("latin-1"), marks.id, marks.span, signed, mark)
    if pieces is None:
        return None
    own = header(call.request.headers, "x-request-id")
    return Plan(
        matched=matched,
        caller=caller,
        service=service,
        origin=origin_of(service.internal),
        entry=replace(entry, status=0, size=0, seconds=0.0, left=0, service="", asked=0.0, answered=0, waited=0.0),
        same=fixed(entry),
        bucket=_bucket(context, table, matched.route, caller, entry),
        pieces=pieces,
        begun=context.hand_off.begun(caller, service.name, request.method, request.path) if signed else None,
        request_id=entry.request_id if own == entry.request_id else "",
        trace=given,
    )


def _cut(text: str, trace: str, span: str, signed: str | None, mark: str) -> tuple[str, str, str, str, str] | None:
    pieces, rest = [], text
    for value in (trace, span, signed, mark):
        if value is None:
            pieces.append("")
            continue
        before, found, after = rest.partition(value)
        if not found or value in after:
            return None
        pieces.append(before)
        rest = after
    return pieces[0], pieces[1], pieces[2], pieces[3], rest


def _bucket(context: Context, table: RouteTable, route: Route, caller: Caller, entry: Entry) -> Bucket | None:
    paces = context.limits.paces(table, route.limit)
    if paces is None:
        return None
    share = paces[1]
    policy, now, limit, _, _ = told(share, Taken(0, 0))
    name = now[1].partition("r=")[0] + "r="
    begin = f"{policy[0]}: {policy[1]}\r\n{now[0]}: {name}"
    middle = f"\r\n{limit[0]}: {limit[1]}\r\nx-ratelimit-remaining: "
    return Bucket(bucket(route.limit, subject_of(caller, entry.client)), share, begin, middle)
