from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench.cores import two_cores
from loadtests.bench.paced import Order, carry_out, paced
from loadtests.bench.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def answering(delay: float | None) -> AsyncIterator[str]:
    """The base URL of something that answers after so many seconds."""
    server = await asyncio.get_running_loop().create_server(lambda: StandIn(delay), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def order(base: str, rate: float = 100, seconds: float = 0.4) -> Order:
    """Four connections at this rate."""
    return Order(base, "/x", ["one", "two"], rate, 4, seconds)


async def test_every_moment_has_its_request() -> None:
    """As many answers as were ordered, none before its moment, and no error."""
    async with answering(0) as base:
        before = asyncio.get_running_loop().time()
        found = await carry_out(order(base))
        assert len(found.took) == 40
        assert found.errors == 0
        assert asyncio.get_running_loop().time() - before >= 0.39


async def test_waiting_for_a_late_answer_counts() -> None:
    """What could not be asked at its moment is late from that moment on: a slow peer is not asked less."""
    async with answering(0.1) as base:
        found = await carry_out(order(base, rate=80, seconds=0.5))
    assert len(found.took) == 40
    assert min(found.took) >= 0.1
    # Each connection has a request due every 50 ms and an answer every 100 ms.
    assert max(found.took) >= 0.5


async def test_what_is_no_200_is_an_error() -> None:
    """A refusal and a connection that ends count as errors."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    found = await carry_out(order(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    server.close()
    assert len(found.took) == 4
    assert found.errors == 8


async def test_the_generator_is_a_process_of_its_own() -> None:
    """The order goes to a process on the load's core, and what came of it comes back."""
    async with answering(0) as base:
        found = await asyncio.to_thread(paced, two_cores(), order(base))
    assert len(found.took) == 40
    with pytest.raises(UnreachableError, match="paced load"):
        await asyncio.to_thread(paced, two_cores(), order(base))
