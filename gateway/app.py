"""The gateway as two ASGI applications, public and internal; here problems become answers."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gateway import __version__, dry_run, sight
from gateway.access_log import AccessLog
from gateway.answer import Answer
from gateway.api import Pages
from gateway.authenticate import Identity
from gateway.authorise import Rights
from gateway.context import HandOff, request_id
from gateway.core.digest import table_digest
from gateway.core.exchange import header
from gateway.core.mark import MARK_HEADER, REFUSED_HEADER, MarkVerifier
from gateway.core.trace import trace_of
from gateway.cors import with_cors
from gateway.handle import Call, Context, Parts, handle
from gateway.idempotency.opened import opened
from gateway.idempotency.step import Once
from gateway.incoming import Body, ClientGone, request_of
from gateway.limit import Limits
from gateway.limit.headers import beside
from gateway.metrics import Metrics
from gateway.passthrough import existing, pass_through
from gateway.problem import PROBLEM_TYPE, Moved, NotAllowed, NotFound, Problem
from gateway.record import Entry, named, record, refused, shown
from gateway.reload import Reloads, Swap, swap_of
from gateway.shared import connect
from gateway.shortcut.crossing import CLIENT_GONE
from gateway.shortcut.learn import Shortcuts, onward
from gateway.stream import BROKEN, deliver
from gateway.ticket import Tickets
from gateway.transport.origin import origin_of
from gateway.transport.pool import Pool
from gateway.vitals import Beat
from gateway.websocket import relay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.listen.tls import Certificate
    from gateway.settings import Settings
    from gateway.shortcut.crossing import Crossing
    from gateway.transport.client import Upstream
    from gateway.transport.errors import TransportError
    from gateway.transport.origin import Origin

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

__all__ = ["Gateway", "Parts", "build_app"]

_log = logging.getLogger("cutover.gateway")


class Gateway:
    """One gateway: `public` and `internal` are ASGI applications over one shared `context`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.certificate: Certificate | None = None
        self._pages = Pages(context)
        self._shortcuts = Shortcuts(context, self._onward)
        self._beat = Beat(context.metrics.histogram("cutover_event_loop_lag_seconds"))

    def refused(self, status: int, reason: str, client: str, identity: str) -> None:
        """Count and log what the listener refused by itself, before there was a request to speak of."""
        entry = Entry(identity, "", "", client, status=status, reason=reason)
        self.context.metrics.count("cutover_refused_total", route="", status=str(status), reason=reason)
        record(self.context.metrics, entry, self.context.log)

    async def public(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The listener for clients."""
        if scope["type"] == "websocket":
            await relay(self.context, scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send, internal=False)

    async def internal(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The listener for marked copies, metrics and health."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._serve(scope, receive, send, internal=True)

    def reload(self, table: RouteTable) -> Swap:
        """Serve by this table from the next request on; requests in flight keep theirs. What changed.

        Connections to services that are in it no longer are closed.

        Raises:
            RefusedError: it changes what only a restart can; nothing was changed.
        """
        context = self.context
        swap = swap_of(context.table, table)
        if swap.policy and not context.table.policy.listen.endswith(":0"):
            context.public_url = table.policy.public_url.rstrip("/")
        context.pool.follow(_origins(context.table), _origins(table))
        context.table = table
        self._shortcuts.forget()
        context.reloads.succeeded(swap.digest)
        self.prime()
        return swap

    def prime(self) -> None:
        """Begin to read the services' documents, so that nobody has to wait for them later."""
        self._pages.documents.refresh(self.context.table)

    def begin(self) -> None:
        """Look after the running event loop from now on."""
        self._beat.start()

    async def close(self) -> None:
        """Close the connections that rest, to the services and to Redis, and write the last denials down."""
        self._beat.stop()
        await self.context.once.close()
        self._pages.documents.close()
        self.context.pool.close()
        self.context.rights.close()
        self.context.identity.close()
        await asyncio.to_thread(self.context.audit.close)
        await self.context.limits.buckets.close()
        if self.context.redis is not None:
            await self.context.redis.aclose()
        if self.context.log is not None:
            self.context.log.flush()

    async def _serve(self, scope: Scope, receive: Receive, send: Send, *, internal: bool) -> None:
        started = time.perf_counter()
        if not internal:
            self.context.metrics.in_flight += 1
        call = self._call(scope, receive)
        answer = self._answered(call, self._asked(call, internal=internal))
        await self._delivered(call, answer, send, started, internal=internal)
        if call.passed is not None and (known := scope.get("state", {}).get("head")) is not None:
            self._shortcuts.learn(call, known, (call.request.client, call.scheme == "https"))

    async def _onward(
        self, crossing: Crossing, first: Upstream | TransportError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """The rest of a request that began on a shortcut."""
        call = self._call(scope, receive)
        call.table, call.entry = crossing.way.table, crossing.entry()
        answer = self._answered(call, onward(self.context, call, crossing, first))
        await self._delivered(call, answer, send, crossing.started, internal=False)

    def _call(self, scope: Scope, receive: Receive) -> Call:
        request = request_of(scope)
        identity = request_id(request.headers)
        entry = Entry(identity, request.method, request.path, request.client, trace=trace_of(request.headers))
        table = self.context.table
        body = Body(receive, request.headers, table.policy.max_body)
        body.turn = scope["state"].get("turn") if "state" in scope else None
        return Call(table, request, body, scope["scheme"], entry)

    async def _delivered(
        self, call: Call, answering: Awaitable[Answer], send: Send, started: float, *, internal: bool
    ) -> None:
        entry = call.entry
        try:
            answer = await answering
            entry.status = answer.status
            headers = with_cors(call.table.policy.cors, call.request, _stamped(answer, call))
            delivery = await deliver(Answer(answer.status, headers, answer.body), call.body, send)
            entry.size, entry.failure = delivery.size, delivery.failure
            if delivery.failure == BROKEN and call.on_break is not None:
                call.on_break()
        except ClientGone:
            entry.status, entry.failure = CLIENT_GONE, "client-gone"
        except asyncio.CancelledError:
            entry.failure = "cut"
            raise
        finally:
            self._finish(call, started, internal=internal)

    def _finish(self, call: Call, started: float, *, internal: bool) -> None:
        entry, metrics = call.entry, self.context.metrics
        if not internal:
            metrics.in_flight -= 1
        entry.seconds, entry.received = time.perf_counter() - started, call.body.received
        if entry.route or not internal:
            record(metrics, entry, self.context.log)

    async def _asked(self, call: Call, *, internal: bool) -> Answer:
        if internal:
            own = sight.page(self.context, call.request.method, call.entry.path)
            if own is not None:
                return own
            await self._admit_copy(call)
        elif (page := self._pages.find(call.table, call.entry.path)) is not None:
            return await self._pages.answer(call, page)
        return await self._handled(call)

    async def _answered(self, call: Call, answering: Awaitable[Answer]) -> Answer:
        try:
            return await answering
        except Problem as problem:
            return self._problem_answer(problem, call)
        except ClientGone:
            raise
        except Exception:  # noqa: BLE001 - the outermost boundary: a fault of our own must still be an answer
            _log.exception("%s %s (%s)", call.request.method, shown(call.entry), named(call.entry))
            return self._problem_answer(Problem("Internal Server Error", reason="fault"), call)

    async def _handled(self, call: Call) -> Answer:
        try:
            return await handle(self.context, call)
        except (NotFound, NotAllowed, Moved):
            # Where no route of the gateway was found, an existing path may be meant.
            unknown = call.mark is None and not call.entry.route
            passing = existing(call.table, call.request) if unknown else None
            if passing is None:
                raise
        return await pass_through(self.context, self.context.flags(), call, passing)

    async def _admit_copy(self, call: Call) -> None:
        if header(call.request.headers, MARK_HEADER) is None:
            raise NotFound("Not Found", reason="mark")
        call.request = replace(call.request, body=await call.body.read())
        mark = dry_run.verified(self.context.marks, call.request, self.context.settings.clock())
        call.mark, call.entry.copy = mark, mark.mode

    def _problem_answer(self, problem: Problem, call: Call) -> Answer:
        entry = call.entry
        entry.reason = problem.reason
        if call.mark is None:
            self.context.audit.note(entry, problem)
            refused(self.context.metrics, entry, problem)
        body = problem.body(entry.request_id)
        marked = ((REFUSED_HEADER, "1"),) if call.mark is not None and problem.refusal else ()
        headers = (("content-type", PROBLEM_TYPE), ("content-length", str(len(body))), *problem.headers, *marked)
        return Answer(problem.status, headers, b"" if call.request.method == "HEAD" else body)


def build_app(
    table: RouteTable, settings: Settings, flags: Callable[[], FlagSnapshot], *, parts: Parts | None = None
) -> Gateway:
    """A gateway over a route table. `parts` replaces steps of the spine; only tests give it."""
    pool, metrics = Pool(), Metrics()
    redis = connect(settings.redis_url) if settings.redis_url else None
    context = Context(
        table=table,
        settings=settings,
        flags=flags,
        pool=pool,
        marks=MarkVerifier(settings.mark_key),
        tickets=Tickets(settings.ticket_key),
        metrics=metrics,
        public_url=table.policy.public_url.rstrip("/"),
        identity=Identity(settings, pool),
        hand_off=HandOff(settings.internal_key, settings.context_key, settings.clock),
        rights=Rights(settings, pool, metrics),
        once=Once(opened(settings.store, settings.answers_key, redis), metrics),
        limits=Limits(redis, settings.internal_key),
        redis=redis,
        parts=parts or Parts(),
        reloads=Reloads(table_digest(table, __version__)),
    )
    context.log = AccessLog() if settings.access_log else None
    return Gateway(context)


def _origins(table: RouteTable) -> list[Origin]:
    return [origin_of(service.internal) for service in table.services.values()]


def _stamped(answer: Answer, call: Call) -> tuple[tuple[str, str], ...]:
    stamped = (*answer.headers, *beside(answer.headers, call.told), ("x-request-id", call.entry.request_id))
    # RFC 9110 §6.6.1: an answer without a date gets the time it was received at.
    return stamped if header(stamped, "date") else (*stamped, ("date", _date(int(time.time()))))


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
