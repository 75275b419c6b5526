"""The spine of one request: match, guard, authenticate, authorise, stage, exchange; then stream and record.

Every step is a function in `Parts`, called in this order and nowhere else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway import dry_run
from gateway.admission import identified, permitted
from gateway.audit import Audit
from gateway.authenticate import Identity, authenticate
from gateway.authorise import Rights, authorise, settled
from gateway.caller import ANONYMOUS
from gateway.core.mark import READ
from gateway.core.subject import storable
from gateway.cors import preflight
from gateway.exchange import Resilience, again, exchange
from gateway.forward import forward
from gateway.guard import guard
from gateway.idempotency.key import REPLAYED
from gateway.idempotency.step import key_for
from gateway.incoming import HELD
from gateway.limit import Limits, learn, limit
from gateway.match import match
from gateway.prepare import dressed, mapped, with_forwarding
from gateway.problem import Forbidden, Hidden, Problem, RateLimited, Unauthenticated, Unavailable
from gateway.record import shown_path
from gateway.reload import Reloads
from gateway.stage import Standing, standing
from gateway.transform import transform

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from gateway.access_log import AccessLog
    from gateway.answer import Answer
    from gateway.authorise.granted import Granted
    from gateway.caller import Caller
    from gateway.context import HandOff
    from gateway.core.exchange import Headers, Request
    from gateway.core.mark import Mark, MarkVerifier
    from gateway.core.routes import Route
    from gateway.core.table import Matched, RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.idempotency.step import Once
    from gateway.incoming import Body
    from gateway.limit import Debit
    from gateway.metrics import Metrics
    from gateway.record import Entry
    from gateway.settings import Settings
    from gateway.ticket import Tickets
    from gateway.transport.pool import Pool


_REFUSALS = (Unauthenticated, Forbidden, Hidden, Unavailable, RateLimited)


@dataclass(frozen=True)
class Parts:
    """The steps. A test may put another in a step's place; production never does."""

    guard: Callable[..., None] = guard
    match: Callable[..., Matched] = match
    standing: Callable[..., Standing] = standing
    preflight: Callable[..., Answer] = preflight
    authenticate: Callable[..., Awaitable[Caller]] = authenticate
    authorise: Callable[..., Awaitable[None]] = authorise
    limit: Callable[..., Awaitable[Debit]] = limit
    mapped: Callable[..., Request] = mapped
    dressed: Callable[..., Request] = dressed
    forward: Callable[..., Any] = forward
    transform: Callable[..., Any] = transform


@dataclass
class Context:
    """What all requests of one gateway share; `stale` says that the flags could not be read lately.

    `redis` is where several gateways meet, None when this one keeps to its own memory. A reload
    swaps `table`; a request keeps the one it came in under (`Call.table`).
    """

    table: RouteTable
    settings: Settings
    flags: Callable[[], FlagSnapshot]
    pool: Pool
    marks: MarkVerifier
    tickets: Tickets
    metrics: Metrics
    public_url: str
    identity: Identity
    hand_off: HandOff
    rights: Rights
    limits: Limits
    once: Once
    redis: Redis | None = None
    parts: Parts = field(default_factory=Parts)
    resilience: Resilience = field(default_factory=Resilience)
    stale: Callable[[], bool] = bool
    draining: bool = False
    reloads: Reloads = field(default_factory=Reloads)
    audit: Audit = field(default_factory=Audit)
    log: AccessLog | None = None


class Passed(NamedTuple):
    """What a served call was let through on: as it was when that was decided, whatever has become of it since."""

    matched: Matched
    caller: Caller
    flags: FlagSnapshot
    granted: Granted | None


@dataclass(slots=True)
class Call:
    """One request on its way: the table it is served under, head, body, how it came in, what is recorded of it.

    `hops` are forwarding headers for the service, `told` are headers of the gateway's own that whatever answer there
    is will carry; `on_break` hears of an answer that broke off while it was passed on.
    """

    table: RouteTable
    request: Request
    body: Body
    scheme: str
    entry: Entry
    mark: Mark | None = None
    told: Headers = ()
    hops: Headers = ()
    on_break: Callable[[], None] | None = None
    passed: Passed | None = None


async def handle(context: Context, call: Call) -> Answer:
    """The answer to one request.

    Raises:
        Problem: the gateway answers itself.
        ClientGone: the client left while its body was read.
    """
    parts, table = context.parts, call.table
    parts.guard(call.request)
    matched, flags = parts.match(table, call.request), context.flags()
    stands = stage(context, flags, call.entry, matched, copy=call.mark is not None)
    come_from(call, matched)
    if call.request.is_preflight:
        return parts.preflight(table.policy.cors, call.request, table.exposed.methods(call.request.path))
    call.body.check()
    caller, refusals = ANONYMOUS, enforced(context, call.entry, stands)
    with refusals:
        caller = await identified(context, call, matched)
        note(call.entry, caller, context.settings.fingerprint_key)
    # Strangers never make us hold a body.
    await buffer(call, matched.route)
    try:
        with refusals:
            await permitted(context, call, matched, caller, stands)
    except Hidden as refusal:
        return await gone(context, call, matched, caller, refusal)
    passed = Passed(matched, caller, flags, context.rights.grants.at_once(table))
    request = prepare(context, call, matched, caller, stands)
    key = key_for(matched.route, call.request, lenient=stands is Standing.TRANSPARENT)
    if call.mark is not None:
        dry_run.check_mode(call.mark, matched.route)
        if call.mark.mode != READ:
            return dry_run.dry_run_answer(request, matched.route, context.settings.fingerprint_key)
    answer = await exchange(context, call, matched, request, caller, stands, key)
    if call.mark is None:
        heed(context, call, matched, caller, answer.status)
        call.passed = passed if stands is Standing.SERVED else None
        return answer
    return dry_run.with_upstream(answer, request, context.settings.fingerprint_key)


def heed(context: Context, call: Call, matched: Matched, caller: Caller, status: int) -> None:
    """What a service's answer says of a key and of what belongs to whom is remembered, or forgotten."""
    learn(context.limits, matched.route, call.request, status)
    settled(context.rights, call.table, matched, caller, call.request, status)


def stage(context: Context, flags: FlagSnapshot, entry: Entry, matched: Matched, *, copy: bool) -> Standing:
    """How this call stands; written down before anything can refuse it."""
    entry.route = matched.route.id
    entry.path = shown_path(matched, context.settings.fingerprint_key)
    stands = context.parts.standing(flags, matched.route, copy=copy)
    entry.standing = stands
    return stands


def note(entry: Entry, caller: Caller, key: bytes) -> None:
    """Who calls, as it may be written down."""
    entry.scheme = caller.scheme
    entry.subject = storable(caller.subject, key)
    entry.organisation = storable(caller.organisation, key)


async def gone(context: Context, call: Call, matched: Matched, caller: Caller, refusal: Hidden) -> Answer:
    """What a retry gets whose first attempt took its object away: the answer that this caller's own key has.

    Raises:
        Hidden: it has none to the same request, so that the refusal stands.
        ClientGone: the client left while its body was read.
    """
    key = key_for(matched.route, call.request, lenient=True)
    if key and call.mark is None and caller.verified:
        with suppress(Problem):
            request = prepare(context, call, matched, caller, Standing.SERVED)
            answer = await again(context, call, matched, request, caller, key)
            if answer is not None:
                call.told += ((REPLAYED, "true"),)
                return answer
    raise refusal


class enforced:  # noqa: N801 - reads as what is inside; a generator would cost more than what it encloses
    """Refusals inside stand, except for a transparent call: there they are counted and the call goes on."""

    __slots__ = ("_context", "_entry", "_stands")

    def __init__(self, context: Context, entry: Entry, stands: Standing) -> None:
        self._context, self._entry, self._stands = context, entry, stands

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: object, refusal: BaseException | None, trace: object) -> bool:
        """Let a refusal of a transparent call pass, counted."""
        if refusal is None or self._stands is not Standing.TRANSPARENT or not isinstance(refusal, _REFUSALS):
            return False
        self._context.metrics.count(
            "cutover_would_refuse_total",
            route=self._entry.route,
            status=str(refusal.status),
            reason=refusal.reason,
        )
        return True


async def buffer(call: Call, route: Route) -> None:
    """Read a body that is small or must be known; any other stays a stream.

    Raises:
        TooLarge: the body exceeds the limit, or 1 MiB where it must be known.
        ClientGone: the client left in the middle.
    """
    if call.body.taken:
        return
    whole = route.needs_body
    if not (whole or call.body.small):
        return
    body = await call.body.read(HELD if whole else None)
    headers = tuple(pair for pair in call.request.headers if pair[0].lower() != "transfer-encoding")
    if len(headers) != len(call.request.headers):
        headers = (*headers, ("content-length", str(len(body))))
    call.request = replace(call.request, body=body, headers=headers)


def come_from(call: Call, matched: Matched) -> None:
    """Whom the call is from, for the log and the limits, and what the service is told of that and of its trace."""
    table, service = call.table, call.table.services[matched.route.service]
    call.hops, call.entry.client = with_forwarding(
        call.request, call.scheme, table.policy, service, copy_of=call.mark.client if call.mark else None
    )
    if call.entry.trace is not None:
        call.hops += call.entry.trace.headers()


def prepare(context: Context, call: Call, matched: Matched, caller: Caller, stands: Standing) -> Request:
    """The request that the service gets.

    Raises:
        Problem: it cannot be said in the service's terms.
    """
    table, service = call.table, call.table.services[matched.route.service]
    return context.parts.dressed(
        context.parts.mapped(table, matched, call.request),
        service,
        caller,
        told=call.hops,
        request_id=call.entry.request_id,
        hand_off=None if stands is Standing.TRANSPARENT else context.hand_off,
    )
