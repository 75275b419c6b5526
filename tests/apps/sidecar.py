"""A real WebSocket upstream that echoes, and closes on request."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.datastructures import Headers


@dataclass
class Sidecar:
    """A running sidecar: its address, handshakes seen, and the codes and reasons its sockets were closed with."""

    address: str = ""
    paths: list[str] = field(default_factory=list)
    handshakes: list[Headers] = field(default_factory=list)
    frames: list[str | bytes] = field(default_factory=list)
    closed: list[tuple[int | None, str | None]] = field(default_factory=list)
    server: Server | None = None

    async def talk(self, socket: ServerConnection) -> None:
        """Echo every frame; `close CODE REASON` closes, `drop` breaks the connection."""
        assert socket.request is not None
        self.paths.append(socket.request.path)
        self.handshakes.append(socket.request.headers)
        try:
            while True:
                frame = await socket.recv()
                self.frames.append(frame)
                if frame == "drop":
                    socket.transport.abort()
                elif isinstance(frame, str) and frame.startswith("close "):
                    _, code, reason = frame.split(" ", 2)
                    await socket.close(int(code), reason)
                else:
                    await socket.send(frame)
        except ConnectionClosed:
            self.closed.append((socket.close_code, socket.close_reason))


@asynccontextmanager
async def sidecar() -> AsyncIterator[Sidecar]:
    """A running sidecar on a free port that speaks the subprotocol `logs` when asked."""
    running = Sidecar()
    async with serve(
        running.talk,
        "127.0.0.1",
        0,
        select_subprotocol=lambda _, offered: "logs" if "logs" in offered else None,
    ) as server:
        running.server = server
        running.address = "http://{}:{}".format(*next(iter(server.sockets)).getsockname()[:2])
        yield running
