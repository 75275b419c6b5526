"""Send the prepared request to its service; retry only what cannot have happened; map failures to problems."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Effect
from gateway.problem import TimedOut, Unreachable
from gateway.transport.client import send
from gateway.transport.errors import Broken, ConnectFailed, ConnectTimedOut, Silent, TransportError
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.routes import Route, Service
    from gateway.incoming import Body
    from gateway.problem import UpstreamProblem
    from gateway.transport.client import Upstream
    from gateway.transport.pool import Pool

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def forward(pool: Pool, service: Service, route: Route, request: Request, body: Body | None) -> Upstream:
    """The service's answer, as soon as its head is there; `body` streams, else `request.body` is the whole.

    A safe request that met a pooled connection the service had silently closed is sent once more on a fresh one.
    A write is never sent again once a byte of it went out.

    Raises:
        Unreachable: no connection, or it broke, or what came was no HTTP.
        TimedOut: the connection or the answer took too long.
    """
    origin = origin_of(service.internal)
    try:
        return await send(pool, origin, request, body, route.timeouts)
    except Broken as error:
        if not (error.stale and body is None and is_safe(route, request)):
            raise problem(service, error) from error
    except TransportError as error:
        raise problem(service, error) from error
    try:
        return await send(pool, origin, request, None, route.timeouts, fresh=True)
    except TransportError as error:
        raise problem(service, error) from error


def is_safe(route: Route, request: Request) -> bool:
    """Whether sending the request twice does no harm: a safe method (RFC 9110 §9.2.1) on a reading route."""
    return request.method in _SAFE and route.effect is Effect.READ


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
