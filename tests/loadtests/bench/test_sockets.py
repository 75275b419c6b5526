"""Idle WebSockets, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import ServerConnection, serve

from gateway.core.errors import UnreachableError
from loadtests.bench.cores import two_cores
from loadtests.bench.sockets import WARM, hold, opened, sockets
from loadtests.bench.table import GOALS

if TYPE_CHECKING:
    from pathlib import Path


async def test_memory_is_read_while_all_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """First with none open, then with all; pings of the other side are answered meanwhile."""
    monkeypatch.setattr("loadtests.bench.sockets.SETTLE", 0.3)
    seen: list[ServerConnection] = []
    here = 0

    async def silent(socket: ServerConnection) -> None:
        nonlocal here
        seen.append(socket)
        here += 1
        await socket.wait_closed()
        here -= 1

    async with serve(silent, "127.0.0.1", 0, ping_interval=0.1, ping_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        assert await hold(f"http://127.0.0.1:{port}/s", ["one", "two"], 7, lambda: here) == (0, 7)
    assert len(seen) == WARM + 7
    assert {socket.request.headers["Authorization"] for socket in seen if socket.request} == {
        "Bearer one",
        "Bearer two",
    }


async def test_refused_handshake_is_told() -> None:
    """A gateway that opens no socket has no memory to be measured."""
    async with serve(lambda _: None, "127.0.0.1", 0, process_request=lambda c, _: c.respond(403, "no")) as server:  # type: ignore[arg-type, misc]
        port = next(iter(server.sockets)).getsockname()[1]
        with pytest.raises(UnreachableError, match="403"):
            await opened(f"http://127.0.0.1:{port}/s", ["one"], 1)


@pytest.mark.proof
def test_idle_socket_is_as_small_as_promised(tmp_path: Path) -> None:
    """An idle WebSocket through the gateway costs no more than the goal, with everything on."""
    found = sockets(tmp_path, two_cores(), 500)
    assert 0 < found["each"] <= GOALS["socket"]
