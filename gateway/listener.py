"""One listening socket: who connects is received, and a stop drains."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import select
import socket
from functools import partial
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError, UnreachableError
from gateway.listen.bounds import Bounds
from gateway.listen.door import Door
from gateway.listen.http1 import Http1
from gateway.listen.reception import Reception

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.listen.reception import App, Refused
    from gateway.listen.tls import Certificate

_BACKLOG = 2048
_LOOK = 0.01
_STEPS = 4
"""Turns of the loop in which what was accepted becomes a connection, before which it must not be closed."""
_LAST_CALL = 0.5
"""Seconds in which an open connection may still ask after a stop began: its request may be on the way."""
_HANDSHAKE = 10.0
"""Seconds in which a TLS handshake must be complete."""
_TOLD = 64
"""TLS connections beyond the bound whose handshake is completed, so that they can be told why they end."""
_GOODBYE = 5.0
"""Seconds in which a TLS connection must be closed by both sides."""
_log = logging.getLogger("cutover.gateway")


def _unheard(_status: int, _reason: str, _client: str, _request_id: str) -> None:
    pass


class Listener:
    """An application behind one bound socket; with a certificate, behind TLS.

    `bounds` gives the limits of a connection at the moment it is made. `refused` hears of each refusal that the
    application never sees: status, reason, client address, request id.
    """

    def __init__(
        self,
        app: App,
        sock: socket.socket,
        *,
        bounds: Callable[[], Bounds] = Bounds,
        refused: Refused = _unheard,
        certificate: Certificate | None = None,
    ) -> None:
        self._app = app
        self._bounds = bounds
        self._refused = refused
        self._certificate = certificate
        self._socket = sock
        self._server: asyncio.Server | None = None
        self._reception: Reception | None = None

    @property
    def running(self) -> int:
        """How many requests and sockets are being answered."""
        return len(self._reception.tasks) + self._reception.passing if self._reception else 0

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._reception.connections) if self._reception else 0

    async def start(self) -> None:
        """Accept connections."""
        tls = self._certificate
        reception = self._reception = Reception(self._app, self._bounds, self._refused, tls.headers if tls else ())
        if tls:
            tls.admits = partial(_has_room, reception)

        def arrive() -> asyncio.Protocol:
            protocol = Door(reception) if tls else Http1(reception)
            reception.arriving.add(protocol)
            return protocol

        self._server = await asyncio.get_running_loop().create_server(
            arrive,
            sock=self._socket,
            backlog=_BACKLOG,
            ssl=tls.context if tls else None,
            ssl_handshake_timeout=_HANDSHAKE if tls else None,
            ssl_shutdown_timeout=_GOODBYE if tls else None,
        )

    async def stop(self, seconds: float) -> int:
        """Take no more connections, let running answers finish for `seconds`, cut what is left, and count that.

        What the kernel has accepted is taken first. A connection that was just made or rests may still ask for half a
        second; each answer ends its connection. WebSockets are told (close code 1012).
        """
        reception, server, self._server = self._reception, self._server, None
        if server is None or reception is None:
            return 0
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        reception.draining = True
        await self._close(server)
        for connection in list(reception.connections):
            connection.dismiss(last_call=True)
        await _emptied(reception, min(end, loop.time() + _LAST_CALL))
        for connection in list(reception.connections):
            connection.dismiss(last_call=False)
        await _emptied(reception, end)
        return await _cut(reception, seconds)

    async def _close(self, server: asyncio.Server) -> None:
        # Closing the socket resets what waits in its backlog, so that is taken first.
        backlog = select.poll()
        backlog.register(self._socket.fileno(), select.POLLIN)
        quiet = 0
        for _ in range(_BACKLOG):
            quiet = 0 if backlog.poll(0) else quiet + 1
            if quiet > _STEPS:
                break
            await asyncio.sleep(0)
        server.close()


def _has_room(reception: Reception) -> bool:
    # Handshakes under way are connections too: each costs memory and a file before anybody has asked for anything.
    if len(reception.connections) + len(reception.arriving) <= reception.bounds().connections + _TOLD:
        return True
    reception.refuse(503, "full", "")
    return False


async def _emptied(reception: Reception, end: float) -> None:
    # Plain sets, which nothing announces a change of: the hot path pays nothing for a stop that comes once.
    while not reception.empty and reception.loop.time() < end:  # noqa: ASYNC110 - see above
        await asyncio.sleep(_LOOK)


async def _cut(reception: Reception, seconds: float) -> int:
    cut = len(reception.tasks) + reception.passing
    if cut:
        _log.warning("%d answers were cut after %g s of draining", cut, seconds)
    for connection in list(reception.connections):
        connection.cut()
    for task in list(reception.tasks):
        task.cancel()
    await asyncio.gather(*reception.tasks, return_exceptions=True)
    reception.close()
    return cut


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


def url_of(sock: socket.socket, scheme: str = "http") -> str:
    """The base URL of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
