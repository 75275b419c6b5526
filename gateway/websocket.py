"""Relay a WebSocket: who may open it, then frames and close codes both ways, each hop with its own pings."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from gateway.admit_socket import admit
from gateway.context import request_id
from gateway.core.trace import trace_of
from gateway.incoming import request_of
from gateway.problem import PROBLEM_TYPE, Problem, TimedOut, Unreachable
from gateway.record import SWITCHED, Entry, record, refused
from gateway.ticket import LIFETIME, subscription_digest
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from websockets.asyncio.client import ClientConnection
    from websockets.typing import Subprotocol

    from gateway.admit_socket import Admitted
    from gateway.core.exchange import Request
    from gateway.core.listening import Connections
    from gateway.handle import Context

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

FOREIGN: Message = {}
"""Stands for a frame that is not the one a ticket binds."""
_FOREIGN_REASON = "the first frame must be the subscription, and no other may follow"
_NORMAL, _AWAY, _EMPTY, _POLICY, _BIG, _BROKEN = 1000, 1001, 1005, 1008, 1009, 1011
_GOODBYE = 2.0
"""Seconds in which a service must answer a close frame; a dead one would hold the client's end up for as long."""
_QUEUE = 2
"""Messages of a service that wait for the client before the service has to."""
_SENDABLE = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
_COUNTED = _SENDABLE | {1005, 1006}
_PRIVATE = range(3000, 5000)
_OWN_CODES = 4000
"""From here on codes are nobody's but the application's (RFC 6455 §7.4.2)."""
_HANDSHAKE = ("sec-websocket-", "content-length", "transfer-encoding")


async def relay(context: Context, scope: Message, receive: Receive, send: Send) -> None:
    """Serve one WebSocket from its handshake to its end."""
    started = time.perf_counter()
    await receive()
    request = request_of(scope)
    trace = trace_of(request.headers)
    entry = Entry(request_id(request.headers), "GET", request.path, request.client, trace=trace)
    context.metrics.sockets += 1
    try:
        await _relay(context, scope, request, entry, receive, send)
    except asyncio.CancelledError:
        entry.failure = "cut"
        raise
    finally:
        context.metrics.sockets -= 1
        entry.seconds = time.perf_counter() - started
        record(context.metrics, entry, context.log)


async def _relay(
    context: Context, scope: Message, request: Request, entry: Entry, receive: Receive, send: Send
) -> None:
    scheme = "https" if scope["scheme"] == "wss" else "http"
    try:
        admitted = await admit(context, context.table, request, entry, scheme)
        entry.ask(admitted.service.name)
        upstream = await _open(admitted, scope.get("subprotocols", []), context.table.policy.connections)
    except Problem as problem:
        context.audit.note(entry, problem)
        refused(context.metrics, entry, problem)
        await _reject(problem, entry, send)
    except InvalidStatus as refusal:
        entry.hear(refusal.response.status_code)
        await _pass_refusal(refusal, entry, send)
    else:
        entry.hear(SWITCHED)
        entry.status = SWITCHED
        code = await _converse(admitted, upstream, receive, send)
        context.metrics.count("cutover_sockets_total", route=entry.route, code=code_class(code))


async def _open(admitted: Admitted, subprotocols: list[Subprotocol], bounds: Connections) -> ClientConnection:
    request, service, timeouts = admitted.request, admitted.service, admitted.matched.route.timeouts
    origin = origin_of(service.internal)
    scheme = "wss" if origin.scheme == "https" else "ws"
    headers = [
        (name, value)
        for name, value in request.headers
        if name.lower() != "host" and not name.lower().startswith(_HANDSHAKE)
    ]
    try:
        return await _Connect(
            f"{scheme}://{origin.authority}{request.target}",
            additional_headers=headers,
            subprotocols=subprotocols or None,
            # Each hop speaks for itself: what a client compresses is never passed on as it is.
            compression=None,
            user_agent_header=None,
            proxy=None,
            open_timeout=timeouts.connect + timeouts.first_byte,
            max_size=bounds.message,
            max_queue=_QUEUE,
            ping_interval=bounds.ping,
            ping_timeout=bounds.ping,
            close_timeout=_GOODBYE,
        )
    except InvalidStatus:
        raise
    except TimeoutError:
        raise TimedOut(f"{service.name} took too long to answer", reason="timeout", sent=True) from None
    except (OSError, InvalidHandshake):
        raise Unreachable(f"{service.name} is not reachable", reason="connect", sent=False) from None


class _Connect(connect):
    """Asks the service and nobody else: a redirect would take our own key wherever it leads."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow none."""
        return exc


async def _converse(admitted: Admitted, upstream: ClientConnection, receive: Receive, send: Send) -> int:
    try:
        await send({"type": "websocket.accept", "subprotocol": upstream.subprotocol})
        first = await _first_frame(admitted, receive)
        if first is FOREIGN:
            return await _refuse_frame(send)
        return await _both_ways(admitted, first, upstream, receive, send)
    except OSError:
        # The server's word for a client that left while we sent.
        return _AWAY
    finally:
        await upstream.close()


async def _first_frame(admitted: Admitted, receive: Receive) -> Message | None:
    """The first frame where a ticket binds it, FOREIGN when it is another or none came; None without a ticket."""
    if admitted.ticket is None:
        return None
    try:
        async with asyncio.timeout(LIFETIME):
            message = await receive()
    except TimeoutError:
        return FOREIGN
    return _bound(admitted, message)


def _bound(admitted: Admitted, message: Message) -> Message:
    """The message, or FOREIGN where a ticket binds the frames and this is another."""
    if admitted.ticket is None or message["type"] == "websocket.disconnect":
        return message
    try:
        said = subscription_digest(json.loads(message.get("text") or "", object_pairs_hook=_once))
    except (ValueError, RecursionError):
        return FOREIGN
    return message if said == admitted.ticket.subscription else FOREIGN


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(document := dict(pairs)) != len(pairs):
        raise ValueError("a member is given twice, and the service may take the other one")
    return document


async def _refuse_frame(send: Send) -> int:
    await send({"type": "websocket.close", "code": _POLICY, "reason": _FOREIGN_REASON})
    return _POLICY


async def _both_ways(
    admitted: Admitted, first: Message | None, upstream: ClientConnection, receive: Receive, send: Send
) -> int:
    up = asyncio.create_task(_to_service(admitted, first, upstream, receive, send))
    down = asyncio.create_task(_to_client(upstream, send))
    try:
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        # When both ended at once, the service's close is the one to report.
        if down.done():
            return down.result()
        code, told, reason = up.result()
        await upstream.close(told, reason)
        return code
    finally:
        for task in (up, down):
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task
        # What a task raises holds this frame: nothing is left for the garbage collector where that holds no task.
        del up, down, task


async def _to_service(
    admitted: Admitted, first: Message | None, upstream: ClientConnection, receive: Receive, send: Send
) -> tuple[int, int, str]:
    """Pass on what the client says; the code it ended with, and the code and reason that the service hears."""
    message = first or await receive()
    try:
        while message["type"] == "websocket.receive":
            text = message.get("text")
            await upstream.send(message["bytes"] if text is None else text)
            # The service takes every frame for a subscription, so a later one is held to the ticket as the first is.
            message = _bound(admitted, await receive())
            if message is FOREIGN:
                return await _refuse_frame(send), _NORMAL, ""
    except ConnectionClosed:
        # The other direction tells the client.
        await asyncio.Event().wait()
    return (*_told_to_service(message), message.get("reason") or "")


async def _to_client(upstream: ClientConnection, send: Send) -> int:
    try:
        while True:
            frame = await upstream.recv()
            await send({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})
    except ConnectionClosed as closed:
        code, reason = _told_to_client(closed)
    await send({"type": "websocket.close", "code": code, "reason": reason})
    return code


def _told_to_service(message: Message) -> tuple[int, int]:
    """The code a client's side ended with, and the one a service hears.

    What happened between the client and the gateway is no word of the client's: to the service it goes away.
    """
    code = int(message.get("code", _NORMAL))
    if code == _EMPTY:
        return code, _NORMAL
    return code, _AWAY if message.get("local") or not sendable(code) else code


def _told_to_client(closed: ConnectionClosed) -> tuple[int, str]:
    """The code and reason a client hears of a service's end; a close frame without a code passes as one."""
    said = closed.rcvd
    if said is not None and (said.code == _EMPTY or sendable(said.code)):
        return said.code, said.reason
    if closed.sent is not None and closed.sent.code == _BIG:
        return _BROKEN, "a message of the service is too long"
    return _BROKEN, "the service broke the connection"


def sendable(code: int) -> bool:
    """Whether a close frame may carry this code (RFC 6455 §7.4)."""
    return code in _SENDABLE or code in _PRIVATE


def code_class(code: int) -> str:
    """A close code as a label: codes that applications choose themselves are told by their range only."""
    if code in _PRIVATE:
        return "3xxx" if code < _OWN_CODES else "4xxx"
    return str(code) if code in _COUNTED else "other"


async def _reject(problem: Problem, entry: Entry, send: Send) -> None:
    entry.status, entry.reason = problem.status, problem.reason
    headers = (("content-type", PROBLEM_TYPE), *problem.headers, ("x-request-id", entry.request_id))
    await _respond(send, problem.status, headers, problem.body(entry.request_id))


async def _pass_refusal(refusal: InvalidStatus, entry: Entry, send: Send) -> None:
    entry.status, entry.reason = refusal.response.status_code, "upstream"
    kind = refusal.response.headers.get("content-type", "text/plain")
    headers = (("content-type", kind), ("x-request-id", entry.request_id))
    await _respond(send, entry.status, headers, bytes(refusal.response.body or b""))


async def _respond(send: Send, status: int, headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    with suppress(OSError):
        await send({"type": "websocket.http.response.start", "status": status, "headers": pairs})
        await send({"type": "websocket.http.response.body", "body": body})
