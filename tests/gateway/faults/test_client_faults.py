"""Clients that are slow, or leave: what they hold is given back, and others do not notice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.core.resilience import ClientPolicy
from gateway.core.routes import Kind, Timeouts
from tests.apps.crowd import Crowd, judge, statuses
from tests.apps.echo import read_body, upstream
from tests.apps.gateways import running
from tests.apps.journal import Journal
from tests.apps.table import bearer, route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running

LONG = 4.0
MANY = 10
LIMITS = Timeouts(1, 20, 20)
ROUTES = (
    route("things.get", "compute", "GET /things", "GET /api/things"),
    route("things.make", "compute", "POST /things", "POST /api/things"),
    route("stream", "compute", "GET /stream", "GET /api/stream", kind=Kind.SSE, timeouts=LIMITS),
    route("upload", "compute", "POST /upload", "POST /api/upload", timeouts=LIMITS),
)


class Scene:
    """A gateway with little patience, and a service with a journal."""

    def __init__(self, up: Upstream, gate: Running) -> None:
        self.up, self.gate = up, gate
        self.journal = Journal(up)
        self.open = 0
        up.behave, up.reads_body = self.behave, False

    async def behave(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request."""
        if seen.target in {"/stream", "/upload"}:
            self.open += 1
            try:
                await self.hold(seen, reader, writer)
            finally:
                self.open -= 1
            return False
        seen.body = await read_body(seen, reader)
        return await self.journal.behave(seen, reader, writer)

    async def hold(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read an upload, or pour a stream, for as long as the other side is there."""
        if seen.method == "POST":
            while await reader.read(65536):
                pass
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        while not reader.at_eof() and not writer.is_closing():
            writer.write(b"data: x\n\n" * 1000)
            await writer.drain()
            await asyncio.sleep(0)

    async def connections(self, request: bytes) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """So many clients that have sent this, each with its credential."""
        head = request.replace(
            b"\r\n\r\n", b"\r\nHost: a\r\nAuthorization: %s\r\n\r\n" % bearer()["Authorization"].encode(), 1
        )
        found = []
        for _ in range(MANY):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.gate.port, limit=1024)
            writer.write(head)
            found.append((reader, writer))
        await eventually(lambda: self.open == MANY)
        return found

    async def others(self) -> None:
        """Everybody else is served meanwhile."""
        crowd = Crowd(self.gate.addresses.public)
        outcomes = await crowd.work(4)
        judge(outcomes, self.journal, seconds=LONG)
        assert statuses(outcomes).keys() == {200, 201}


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    """A running scene."""
    async with upstream() as up:
        known = table(up.address, *ROUTES, clients=ClientPolicy(idle=0.6, rate=500))
        async with running(known) as gate:
            yield Scene(up, gate)


async def test_clients_that_send_nothing_more() -> None:
    """Uploads that stop are 408 or cut, and the service sees them end unfinished; others are served meanwhile."""
    async with scene() as play:
        clients = await play.connections(b"POST /api/upload HTTP/1.1\r\nContent-Length: 100000\r\n\r\nsome")
        await play.others()
        answers = await asyncio.gather(*(asyncio.wait_for(reader.readuntil(b"}"), 10) for reader, _ in clients))
        assert {answer[:12] for answer in answers} == {b"HTTP/1.1 408"}
        assert {b"slow-body" in answer for answer in answers} == {True}
        await eventually(lambda: play.open == 0)
        for _, writer in clients:
            writer.close()


async def test_clients_that_take_nothing() -> None:
    """Clients that stop reading a stream are cut, and their services' connections with them."""
    async with scene() as play:
        clients = await play.connections(b"GET /api/stream HTTP/1.1\r\n\r\n")
        await play.others()
        await eventually(lambda: play.open == 0, 15)
        for _, writer in clients:
            writer.close()


async def test_clients_that_leave_their_streams() -> None:
    """Streams whose clients hang up end at the service at once."""
    async with scene() as play:
        clients = await play.connections(b"GET /api/stream HTTP/1.1\r\n\r\n")
        for reader, writer in clients:
            assert b"200" in await reader.readline()
            writer.transport.abort()
        await eventually(lambda: play.open == 0)
        await play.others()


async def test_clients_that_leave_their_uploads() -> None:
    """Uploads whose clients hang up end at the service unfinished, at once."""
    async with scene() as play:
        clients = await play.connections(b"POST /api/upload HTTP/1.1\r\nContent-Length: 100000\r\n\r\nsome")
        for _, writer in clients:
            writer.transport.abort()
        await eventually(lambda: play.open == 0)
        await play.others()
