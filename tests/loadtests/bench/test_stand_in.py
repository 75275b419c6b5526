from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.child import free_ports, running
from loadtests.bench.configs import BODY
from loadtests.bench.stand_in import HANGING, HEALTHY, LATE, SLOW, StandIn

if TYPE_CHECKING:
    from pathlib import Path

ASKED = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


async def ask(port: int, seconds: float) -> bytes:
    """What comes back for two requests within so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASKED + ASKED[:9])
    writer.write(ASKED[9:])
    got = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while got.count(BODY.encode()) < 2:
                got += await reader.read(65536)
    writer.close()
    return got


@pytest.mark.proof
@pytest.mark.parametrize(("manner", "answers"), [(HEALTHY, 2), (HANGING, 0), (SLOW, 2)])
async def test_each_manner_is_as_it_says(tmp_path: Path, manner: str, answers: int) -> None:
    """A healthy one answers at once, also a head in two pieces; a slow one later; a hanging one never."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "loadtests.bench.stand_in", manner, str(port)]
    with running(command, tmp_path / "log", port=port):
        loop = asyncio.get_running_loop()
        before = loop.time()
        assert (await ask(port, 0.3 if manner == HANGING else 10)).count(BODY.encode()) == answers
        if manner == SLOW:
            assert loop.time() - before >= LATE


async def test_a_delay_is_per_answer() -> None:
    """Requests on one connection are not answered before their time."""
    server = await asyncio.get_running_loop().create_server(lambda: StandIn(0.2), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await ask(port, 0.1) == b""
    assert (await ask(port, 10)).count(b"HTTP/1.1 200 OK") == 2
    server.close()
