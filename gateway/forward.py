"""Send the prepared request to its service; try again only what cannot have happened; map failures to problems."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from gateway.core.routes import Effect, Timeouts
from gateway.problem import TimedOut, Unreachable
from gateway.transport.client import send
from gateway.transport.errors import Broken, ConnectFailed, ConnectTimedOut, Silent, TransportError
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Request
    from gateway.core.resilience import RetryPolicy
    from gateway.core.routes import Route, Service
    from gateway.incoming import Body
    from gateway.metrics import Metrics
    from gateway.problem import UpstreamProblem
    from gateway.retry import Budget
    from gateway.transport.client import Upstream
    from gateway.transport.pool import Pool

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FREE = frozenset({"stale", "unsent"})
"""A connection that had rested and proved closed: it says nothing about the service, so no budget is asked."""
_PAUSE = 0.1


async def forward(
    pool: Pool,
    service: Service,
    route: Route,
    request: Request,
    body: Body | None,
    *,
    budget: Budget,
    policy: RetryPolicy,
    metrics: Metrics,
    renewed: Callable[[Request], Request],
) -> Upstream:
    """The service's answer, as soon as its head is there; `body` streams, else `request.body` is the whole.

    `renewed` makes the request for a second attempt: what the service accepts once only is new in it.

    A request is sent once more, on a new connection, when no byte of it went out; a safe one also when the
    connection ended before an answer. But for connections that had rested, the budget must allow it. All attempts
    take no longer than the route's limits allow one. A write is never sent again once a byte of it went out.

    Raises:
        Unreachable: no connection, or it broke, or what came was no HTTP.
        TimedOut: the connection or the answer took too long.
    """
    origin = origin_of(service.internal)
    now = asyncio.get_running_loop().time
    started = now()
    budget.earn(policy)
    try:
        return await send(pool, origin, request, body, route.timeouts)
    except TransportError as error:
        return await recovered(
            pool, service, route, request, body, error, now() - started,
            budget=budget, policy=policy, metrics=metrics, renewed=renewed,
        )  # fmt: skip


async def recovered(
    pool: Pool,
    service: Service,
    route: Route,
    request: Request,
    body: Body | None,
    error: TransportError,
    spent: float,
    *,
    budget: Budget,
    policy: RetryPolicy,
    metrics: Metrics,
    renewed: Callable[[Request], Request],
) -> Upstream:
    """The service's answer to a second attempt, where one may follow a first that failed after `spent` seconds.

    A connection that had rested says nothing of the service: what follows it counts as the first attempt.

    Raises:
        Unreachable, TimedOut: see `forward`.
    """
    now = asyncio.get_running_loop().time
    begun = now() - spent
    reason = again(error, safe=body is None and is_safe(route, request))
    if not reason:
        raise problem(service, error) from error
    if reason not in _FREE and not budget.spend(policy, now()):
        metrics.count("cutover_retries_denied_total", service=service.name, why=reason)
        raise problem(service, error) from error
    if reason not in _FREE:
        # A process that dies takes its connections first, and a moment later the port on which it would get this.
        await asyncio.sleep(_PAUSE * random.uniform(0.5, 1.5))  # noqa: S311 - spreads attempts, hides nothing
    left = remaining(route.timeouts, error, now() - begun)
    if left is None:
        raise problem(service, error) from error
    metrics.count("cutover_retries_total", service=service.name, why=reason)
    try:
        return await send(pool, origin_of(service.internal), renewed(request), body, left, fresh=True)
    except TransportError as failed:
        if reason != "stale":
            raise problem(service, failed) from failed
        return await recovered(
            pool, service, route, request, body, failed, now() - begun,
            budget=budget, policy=policy, metrics=metrics, renewed=renewed,
        )  # fmt: skip


def is_safe(route: Route, request: Request) -> bool:
    """Whether sending the request twice does no harm: a safe method (RFC 9110 §9.2.1) on a reading route."""
    return request.method in _SAFE and route.effect is Effect.READ


def again(error: TransportError, *, safe: bool) -> str:
    """Why a request may be sent once more after this failure; empty when it may not.

    What took its time limit is over: a second attempt would keep the client waiting for longer than the route says.
    """
    if isinstance(error, ConnectFailed):
        return "connect"
    if not isinstance(error, Broken):
        return ""
    if not error.sent:
        return "unsent"
    if not safe:
        return ""
    return "stale" if error.stale else "broken"


def remaining(timeouts: Timeouts, error: TransportError, spent: float) -> Timeouts | None:
    """The limits of a second attempt, so that both together keep to the route's; None when nothing is left."""
    connect, first_byte = timeouts.connect, timeouts.first_byte
    if isinstance(error, ConnectFailed):
        connect -= spent
    elif error.sent:
        first_byte -= spent
        connect = min(connect, first_byte)
    return Timeouts(connect, first_byte, timeouts.idle) if connect > 0 and first_byte > 0 else None


def problem(service: Service, error: TransportError) -> UpstreamProblem:
    """The answer for a failed exchange; addresses stay out of it."""
    match error:
        case ConnectTimedOut():
            return TimedOut(f"{service.name} took too long to connect", reason="connect-timeout", sent=False)
        case ConnectFailed():
            return Unreachable(f"{service.name} is not reachable", reason="connect", sent=False)
        case Silent():
            return TimedOut(f"{service.name} took too long to answer", reason="timeout", sent=True)
        case _:
            return Unreachable(f"{service.name} broke the connection", reason="broken", sent=error.sent)
