"""A thousand WebSockets held open and silent: how much memory does each cost the gateway?"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, serve

from gateway.core.errors import UnreachableError
from loadtests.bench.child import free_ports, running
from loadtests.bench.cores import resident, two_cores
from loadtests.bench.peers import GATEWAY, peers, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.bench.cores import Cores

COUNT = 1000
WARM = 50
"""Sockets opened and closed first, so that what is needed once is there before counting begins."""
SETTLE = 1.0
"""Seconds before memory is read, in which what ended is given back."""
_TARGET = "/api/v1/bench/socket"
_PING = b"\x89"


class Idle(asyncio.Protocol):
    """A client that opens a WebSocket, answers pings and says nothing."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._head = b""
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self.open.done():
            if data[:1] == _PING:
                # A mask of zeros leaves the payload as it is.
                self.transport.write(b"\x8a%c\0\0\0\0%b" % (0x80 | data[1], data[2 : 2 + data[1]]))
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            if b" 101 " in self._head[:15]:
                self.open.set_result(None)
            else:
                self.open.set_exception(UnreachableError(self._head[:200].decode("latin-1")))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if not self.open.done():
            self.open.set_exception(UnreachableError(f"hung up: {exc}"))


def request(url: str, token: str) -> bytes:
    """The handshake."""
    return (
        f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


async def opened(url: str, users: Sequence[str], count: int) -> list[Idle]:
    """So many open sockets.

    Raises:
        UnreachableError: a handshake was refused.
    """
    loop, parts, found = asyncio.get_running_loop(), urlsplit(url), []
    for number in range(count):
        asked = request(url, users[number % len(users)])
        _, idle = await loop.create_connection(partial(Idle, asked), parts.hostname or "", parts.port or 80)
        await idle.open
        found.append(idle)
    return found


async def hold(url: str, users: Sequence[str], count: int, measure: Callable[[], int]) -> tuple[int, int]:
    """What `measure` says before and while `count` sockets are open."""
    for idle in await opened(url, users, WARM):
        idle.transport.close()
    await asyncio.sleep(SETTLE)
    before = measure()
    held = await opened(url, users, count)
    await asyncio.sleep(SETTLE)
    after = measure()
    for idle in held:
        idle.transport.close()
    return before, after


def sockets(directory: Path, cores: Cores, count: int = COUNT) -> dict[str, Any]:
    """Bytes of the gateway's own memory that one idle WebSocket costs, with everything on.

    Raises:
        UnreachableError: the gateway did not start or refused a handshake.
    """
    (port,) = free_ports(1)
    serving = cores.on_load(sys.executable, "-m", "loadtests.bench.sockets", str(port))
    with (
        running(serving, directory / "service.log", port=port),
        peers(directory, cores, GATEWAY, streams=port) as started,
    ):
        peer = started[GATEWAY]
        before, after = uvloop.run(hold(peer.base + _TARGET, tokens(), count, lambda: resident(peer.pid)))
    return {"sockets": count, "before": before, "after": after, "each": (after - before) / count}


async def _silent(socket: ServerConnection) -> None:
    await socket.wait_closed()


async def _serve(port: int) -> None:
    async with serve(_silent, "127.0.0.1", port, ping_interval=None, compression=None) as server:
        await server.serve_forever()


def main(arguments: list[str]) -> None:
    """The service on a port until the process ends; without one, measure and print."""
    if arguments:
        uvloop.run(_serve(int(arguments[0])))
        return
    with tempfile.TemporaryDirectory() as directory:
        sys.stdout.write(json.dumps(sockets(Path(directory), two_cores())) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
