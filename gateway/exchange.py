"""The far half of the spine: cache, circuit, forward, transform, with what is remembered of each service."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gateway.attend import Attention
from gateway.cache.key import key_of
from gateway.cache.reuse import Reuse, reused
from gateway.cache.whole import whole
from gateway.circuit import Circuits, State
from gateway.core.routes import Effect
from gateway.forward import is_safe, problem, recovered
from gateway.keyed import answered_before, keyed, passed_on
from gateway.problem import UpstreamProblem
from gateway.retry import Budgets
from gateway.stage import Standing
from gateway.ticket import PARAMETER
from gateway.transport.errors import TransportError
from gateway.watched import admitted, judged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.answer import Answer, Answering
    from gateway.authenticate import Identity
    from gateway.cache.key import Key
    from gateway.caller import Caller
    from gateway.context import HandOff
    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Route
    from gateway.core.table import Matched, RouteTable
    from gateway.idempotency.step import Keyed, Once
    from gateway.incoming import Body
    from gateway.metrics import Metrics
    from gateway.record import Entry
    from gateway.settings import Settings
    from gateway.ticket import Tickets
    from gateway.transport.client import Source, Upstream
    from gateway.transport.pool import Pool
    from gateway.watched import Watched


@dataclass
class Resilience:
    """What a gateway remembers of its services: how they fared, what may be tried again, which answers are kept."""

    circuits: Circuits = field(default_factory=Circuits)
    budgets: Budgets = field(default_factory=Budgets)
    attention: Attention = field(default_factory=Attention)
    reuse: Reuse = field(default_factory=Reuse)

    def gauges(self, table: RouteTable) -> dict[str, float]:
        """Metrics of this moment."""
        states = self.states(table)
        order = {State.CLOSED: 0, State.HALF_OPEN: 1, State.OPEN: 2}
        return {
            **{f'cutover_circuit_state{{service="{name}"}}': order[state] for name, state in states.items()},
            "cutover_cache_bytes": self.reuse.memory.bytes,
            "cutover_cache_entries": len(self.reuse.memory),
        }

    def states(self, table: RouteTable) -> dict[str, State]:
        """The state of every service's circuit; services that are no more are forgotten."""
        self.budgets.forget(table.services)
        return self.circuits.states(table.services, table.policy.circuit, asyncio.get_running_loop().time())


class Gate(Protocol):
    """What is needed of a gateway's context; see `gateway.handle`."""

    pool: Pool
    settings: Settings
    identity: Identity
    metrics: Metrics
    tickets: Tickets
    public_url: str
    parts: Any
    resilience: Resilience
    hand_off: HandOff
    once: Once


class Served(Protocol):
    """What is needed of a call; see `gateway.handle`."""

    table: RouteTable
    request: Request
    body: Body
    entry: Entry
    told: Headers
    on_break: Callable[[], None] | None


async def exchange(
    context: Gate,
    call: Served,
    matched: Matched,
    request: Request,
    caller: Caller,
    stands: Standing,
    once_key: str = "",
) -> Answer:
    """Ask the service, unless its circuit is open, and transform its answer.

    Only served calls move a circuit: copies and transparent calls pass it by, and so do routes that ask for health.
    A copy claims no Idempotency-Key (`once_key`, empty without one).

    Raises:
        UpstreamProblem: the service gave no usable answer, or is not asked.
        Problem: the key stands in the way.
        ClientGone: the client left while its body was passed on, or while a read was waited for.
    """
    if once_key and stands is not Standing.COPY:
        mine = await keyed(context, call, matched, caller, stands, once_key)
        if mine is not None:
            return await _once(context, call, matched, request, caller, mine)
    if stands is not Standing.SERVED or matched.route.health:
        return await _asked(context, call, matched, request, caller)
    if matched.route.coalesce or matched.route.cache is not None:
        key = key_of(matched.route, caller, call.entry.client, request)
        if key is not None:
            return await context.resilience.attention.over(
                call.body, _reused(context, call, matched, request, caller, key)
            )
    return await _watched(context, call, matched, lambda: _asked(context, call, matched, request, caller))


async def again(
    context: Gate, call: Served, matched: Matched, request: Request, caller: Caller, key: str
) -> Answer | None:
    """What a verified caller was answered to the same request with this key, None without such an answer."""
    upstream = await answered_before(context, call, matched, request, caller, key)
    return None if upstream is None else await _transformed(context, call, matched, request, caller, upstream)


async def _once(
    context: Gate, call: Served, matched: Matched, request: Request, caller: Caller, mine: Keyed
) -> Answer:
    async def onward(source: Source | None) -> Answering:
        def send() -> Awaitable[Answering]:
            return _forwarded(context, call, matched, request, source)

        unwatched = mine.regardless or matched.route.health
        return await (send() if unwatched else _watched(context, call, matched, send))

    upstream = await passed_on(context, call, mine, request, onward)
    return await _transformed(context, call, matched, request, caller, upstream)


async def _reused(
    context: Gate, call: Served, matched: Matched, request: Request, caller: Caller, key: Key
) -> Answer:
    route, reuse = matched.route, context.resilience.reuse

    async def asked(asked_for: Request) -> Answer:
        upstream = await _forwarded(context, call, matched, asked_for, None)
        try:
            return await whole(await _transformed(context, call, matched, asked_for, caller, upstream))
        except TransportError as error:
            raise problem(call.table.services[route.service], error) from error

    def ask(asked_for: Request) -> Awaitable[Answer]:
        return _watched(context, call, matched, lambda: asked(asked_for))

    if route.cache is None:
        answer = await reuse.joined(key, route.service, request, ask)
    else:
        service = route.service if route.coalesce else ""
        answer = await reuse.kept(route.cache, key, call.request.path, request, ask, coalesce=service)
    result = reused(answer)
    if result:
        context.metrics.count("cutover_reused_total", route=route.id, how=result)
    return answer


async def _watched[T](context: Gate, call: Served, matched: Matched, work: Callable[[], Awaitable[T]]) -> T:
    service = call.table.services[matched.route.service]
    watched = admitted(service, context.resilience.circuits, call.table.policy.circuit, context.metrics)
    answer = await judged(watched, work())
    call.on_break = watched.broke
    return answer


async def resumed(
    context: Gate,
    call: Served,
    matched: Matched,
    request: Request,
    caller: Caller,
    watched: Watched,
    first: Upstream | TransportError,
) -> Answer:
    """The rest of an exchange that a shortcut began: a read without a body was sent, and `first` came of it.

    Raises:
        UpstreamProblem: the service gave no usable answer.
        ClientGone: the client left while a second attempt was waited for.
    """
    asked = _recovered(context, call, matched, request, first)
    upstream = await judged(watched, context.resilience.attention.over(call.body, asked))
    call.on_break = watched.broke
    return await _transformed(context, call, matched, request, caller, upstream)


async def _recovered(
    context: Gate, call: Served, matched: Matched, request: Request, first: Upstream | TransportError
) -> Answering:
    service, upstream = call.table.services[matched.route.service], first
    if isinstance(upstream, TransportError):
        upstream = await recovered(
            context.pool,
            service,
            matched.route,
            request,
            None,
            upstream,
            time.perf_counter() - call.entry.asked,
            budget=context.resilience.budgets.of(service.name),
            policy=call.table.policy.retries,
            metrics=context.metrics,
            renewed=context.hand_off.renewed,
        )
    call.entry.hear(upstream.status)
    return upstream


async def _asked(context: Gate, call: Served, matched: Matched, request: Request, caller: Caller) -> Answer:
    work = _forwarded(context, call, matched, request, None if call.body.taken else call.body)
    # A write goes on to its end, whoever listens: nobody is helped by half of one.
    upstream = await (
        work if matched.route.effect is Effect.WRITE else context.resilience.attention.over(call.body, work)
    )
    return await _transformed(context, call, matched, request, caller, upstream)


async def _forwarded(
    context: Gate, call: Served, matched: Matched, request: Request, source: Source | None
) -> Answering:
    service, entry = call.table.services[matched.route.service], call.entry
    entry.ask(service.name)
    try:
        upstream: Answering = await context.parts.forward(
            context.pool,
            service,
            matched.route,
            request,
            source,
            budget=context.resilience.budgets.of(service.name),
            policy=call.table.policy.retries,
            metrics=context.metrics,
            renewed=context.hand_off.renewed,
        )
    except UpstreamProblem as failure:
        if failure.sent:
            _drop(context, call, matched.route, request)
        raise
    entry.hear(upstream.status)
    if not 400 <= upstream.status < 500:  # noqa: PLR2004 - a service's 500 does not mean that nothing happened
        _drop(context, call, matched.route, request)
    return upstream


def _drop(context: Gate, call: Served, route: Route, request: Request) -> None:
    if not is_safe(route, request) and route.effect is not Effect.METERED:
        drops = route.cache.drops if route.cache else ()
        context.resilience.reuse.written(route.service, call.request.path, drops)


async def _transformed(
    context: Gate, call: Served, matched: Matched, request: Request, caller: Caller, upstream: Answering
) -> Answer:
    def socket_url(path: str, target: str, subscription: Any) -> str:
        ticket = context.tickets.issue(
            subject=caller.subject,
            organisation=caller.organisation,
            path=path,
            upstream=target,
            subscription=subscription,
            now=context.settings.clock(),
        )
        return f"{context.public_url.replace('http', 'ws', 1)}{path}?{PARAMETER}={ticket}"

    try:
        answer: Answer = await context.parts.transform(call.table, matched, request, upstream, socket_url)
    except TransportError as error:
        raise problem(call.table.services[matched.route.service], error) from error
    return answer
