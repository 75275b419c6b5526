"""One listening socket: uvicorn's protocols, a stop that drains, and the wire as the guard needs to see it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.core.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOCKET_LIMIT = 16 * 1024 * 1024
"""The longest WebSocket message, in bytes."""
_BACKLOG = 2048
_LOOK = 0.01
_log = logging.getLogger("cutover.gateway")


class Wire(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol, which also tells the application the request target as it stood on the wire."""

    def on_headers_complete(self) -> None:
        """See httptools."""
        self.scope["state"]["target"] = self.url
        super().on_headers_complete()


class Listener:
    """An application behind one bound socket."""

    def __init__(self, app: Callable[..., Any], sock: socket.socket) -> None:
        logging.getLogger("uvicorn.error").addFilter(_is_fault)
        self._config = uvicorn.Config(
            app,
            http=Wire,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=SOCKET_LIMIT,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
        )
        self._config.load()
        self._state = ServerState()
        self._socket = sock
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Wire(self._config, self._state, {}, _loop=loop), sock=self._socket, backlog=_BACKLOG
        )

    async def stop(self, seconds: float) -> None:
        """Take no more connections, let running answers finish for `seconds`, then cut what is left.

        Idle connections are closed at once, WebSockets are told (close code 1012).
        """
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        # The server keeps plain sets, which nothing announces a change of.
        while (self._state.tasks or self._state.connections) and loop.time() < end:  # noqa: ASYNC110 - see above
            await asyncio.sleep(_LOOK)
        if self._state.tasks:
            _log.warning("%d answers were cut after %g s of draining", len(self._state.tasks), seconds)
        await self._cut()

    async def _cut(self) -> None:
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.gather(*self._state.tasks, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.transport.abort()


def _is_fault(entry: logging.LogRecord) -> bool:
    # To uvicorn a client's garbage and an answer left incomplete on purpose are errors; to us only exceptions are.
    return bool(entry.exc_info and entry.exc_info[0] not in {None, asyncio.CancelledError})


@contextlib.contextmanager
def bound(address: str) -> Iterator[socket.socket]:
    """A socket bound to `host:port`; port 0 takes a free one. Closed at the end.

    Raises:
        ConfigError: the address cannot be read.
        UnreachableError: it is taken, not this machine's, or not allowed.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit():
        raise ConfigError(f"{address!r} is no address to listen on; write host:port, such as 127.0.0.1:8800")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The event loop turns Nagle's delay off only for sockets that name their protocol.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, int(port)))
        sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UnreachableError(
            f"cannot listen on {address}: {why}; stop what uses it or choose another address"
        ) from None
    sock.setblocking(False)  # noqa: FBT003 - the standard library takes it so
    try:
        yield sock
    finally:
        sock.close()


def url_of(sock: socket.socket) -> str:
    """The base URL of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
