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
HEAD_LIMIT = 128 * 1024
"""Bytes a client may send without completing a request head or a piece of body; the guard decides below it."""
HEAD_SECONDS = 15.0
"""Seconds in which a request head must be complete."""
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_BACKLOG = 2048
_LOOK = 0.01
_log = logging.getLogger("cutover.gateway")


class Wire(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 protocol, which also tells the application the request target as it stood on the wire.

    Heads are bounded in bytes and seconds, trailers never become headers (RFC 9110 §6.5.1), and what follows an
    upgrade that nobody takes up is not read as another request.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._in_head = self._deaf = False
        self._unread = 0
        self._late: asyncio.TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._deaf:
            return
        self._unread += len(data)
        super().data_received(data)
        if self._unread > HEAD_LIMIT:
            self._refuse_head()
        elif self._late is None and (self._in_head or not self._busy):
            self._await_head()

    def on_message_begin(self) -> None:
        """See httptools."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_head, self._unread = False, 0
        self._head_is_here()
        self.scope["state"]["target"] = self.url
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            self._deaf = True
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._unread = 0
        super().on_body(body)

    def _should_upgrade_to_ws(self) -> bool:
        # RFC 6455 §4.1: a handshake is a GET; with a body nobody could tell where its frames begin.
        names = dict(self.headers)
        bodyless = b"transfer-encoding" not in names and names.get(b"content-length", b"0") == b"0"
        return super()._should_upgrade_to_ws() and self.scope["method"] == "GET" and bodyless

    @property
    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self._too_late)

    def _head_is_here(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        self._late = None
        if self._busy:
            self._await_head()
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse_head(self) -> None:
        self._deaf = True
        if not self._busy and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
        self.transport.close()


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
