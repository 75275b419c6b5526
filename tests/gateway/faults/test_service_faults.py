"""A service that fails while twenty clients read and write: each fault by its name.

Under every one of them: no write arrives twice, none is called done that did not arrive, nobody waits for longer than
the route's limits, the gateway has no fault of its own, and afterwards everything is as before.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from gateway.core.resilience import CircuitPolicy
from gateway.core.routes import Kind, Timeouts
from tests.apps.crowd import EVENTS, Crowd, Journal, judge, reads, statuses
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.table import route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.crowd import Fault
    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running

LIMITS = Timeouts(1.0, 0.4, 0.4)
LONG = 4.0
"""Seconds that no request may take, on a busy machine too: many times what the limits of the routes allow."""
ROUTES = (
    route("things.get", "compute", "GET /things", "GET /api/things", timeouts=LIMITS),
    route("things.make", "compute", "POST /things", "POST /api/things", timeouts=LIMITS),
    route("stream", "compute", "GET /stream", "GET /api/stream", kind=Kind.SSE, timeouts=LIMITS),
)
CIRCUIT = CircuitPolicy(failures=0.5, least=20, window=5, open=0.3, trials=2)
RARELY = 20
"""One request in so many meets a fault that a second attempt can save: within the retry budget."""
OFTEN = 4


class Scene:
    """A gateway, its service with a journal, and the crowd."""

    def __init__(self, up: Upstream, gate: Running, fault: Fault | None, every: int, *, streams: bool) -> None:
        self.up, self.gate = up, gate
        self.journal = Journal(up, fault, every=every)
        self.crowd = Crowd(gate.addresses.public, streams=streams)

    async def play(self, each: int = 12) -> list[Any]:
        """The crowd meets the fault; what came of it, judged."""
        outcomes = await self.crowd.work(each)
        judge(self.crowd.outcomes, self.journal, seconds=LONG)
        return outcomes

    async def recovered(self) -> None:
        """Without the fault, and once the circuit has tried, everything succeeds again."""
        self.journal.fault = None
        context = self.gate.gateway.context
        await eventually(lambda: context.resilience.states(context.table)["compute"] != "open")
        async with asyncio.timeout(LONG):
            while not all(outcome.well for outcome in await self.crowd.work(2)):
                pass
        assert statuses(await self.play(2)) == {200: 20, 201: 20}


@asynccontextmanager
async def scene(fault: Fault | None, *, every: int = OFTEN, streams: bool = False) -> AsyncIterator[Scene]:
    """A running scene."""
    async with upstream() as up, running(table(up.address, *ROUTES, circuit=CIRCUIT)) as gate:
        yield Scene(up, gate, fault, every, streams=streams)


# The faults. Each returns whether the connection stays open.


async def silently_closed(_seen: Seen, _reader: object, _writer: object) -> bool:
    """Dies with the request."""
    return False


async def hangs(_seen: Seen, reader: asyncio.StreamReader, _writer: object) -> bool:
    """Answers nothing until the other side gives up."""
    await reader.read(1)
    return False


async def hangs_after_headers(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Sends a head and a piece, and then nothing."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome")
    await reader.read(1)
    return False


async def drips(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Sends a head byte by byte and never ends it."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not reader.at_eof() and not writer.is_closing():
        writer.write(b"a")
        await asyncio.sleep(0.05)
    return False


async def dies_mid_body(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Breaks off in the middle of an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome")
    return False


async def dies_mid_stream(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Breaks off in the middle of an event stream."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    writer.write(b"9\r\ndata: x\n\n\r\n")
    return False


async def garbage(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Answers what is no HTTP."""
    writer.write(b"\x16\x03\x01\x02\x00 no http at all\r\n\r\n")
    return True


async def closes_after_500(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """What uvicorn does when an application raises: a 500 that promises to stay, and a closed connection."""
    writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno")
    return False


# The tests.


async def test_upstream_that_drops_a_connection_now_and_then_costs_no_read() -> None:
    """Reads whose connection dies before an answer are saved by a second attempt; writes are 502, not sent again."""
    async with scene(silently_closed, every=RARELY) as play:
        outcomes = await play.play()
        assert statuses(reads(outcomes)) == {200: 120}
        assert statuses(outcomes).keys() <= {200, 201, 502}
        assert play.journal.faults >= 10
        await play.recovered()


async def test_upstream_that_refuses() -> None:
    """With nobody listening every call fails in time, soon without asking; when somebody listens, all is well."""
    async with scene(None) as play:
        await play.play(2)
        host, _, port = play.up.address.removeprefix("http://").partition(":")
        await play.crowd.work(1)
        assert play.up.server is not None
        play.up.server.close()
        play.up.close_connections()
        outcomes = await play.play()
        assert statuses(outcomes).keys() <= {502, 503}
        assert statuses(outcomes)[503] > 100
        back = await asyncio.start_server(play.up.serve, host, int(port))
        async with asyncio.timeout(LONG):
            await play.recovered()
        back.close()


async def test_upstream_that_restarts_costs_no_read() -> None:
    """A service that drops every connection and listens again at once loses no read, and no write happens twice."""
    async with scene(None) as play:
        await play.play(2)
        done = asyncio.Event()
        load = asyncio.create_task(play.crowd.until(done))
        for _ in range(3):
            await asyncio.sleep(0.1)
            play.up.close_connections()
        await asyncio.sleep(0.1)
        done.set()
        outcomes = await load
        judge(play.crowd.outcomes, play.journal, seconds=LONG)
        assert statuses(reads(outcomes)).keys() == {200}
        assert statuses(outcomes).keys() <= {200, 201, 502}
        await play.recovered()


async def test_upstream_that_hangs_before_headers() -> None:
    """Calls that meet silence are 504 when their time is up, and asked once; the others are served meanwhile."""
    async with scene(hangs) as play:
        outcomes = await play.play(6)
        assert statuses(outcomes).keys() == {200, 201, 504}
        assert statuses(outcomes)[504] == play.journal.faults
        await eventually(lambda: play.up.open <= 20)
        await play.recovered()


async def test_upstream_that_drips_its_headers() -> None:
    """A head that never ends is 504 like one that never begins."""
    async with scene(drips) as play:
        outcomes = await play.play(6)
        assert statuses(outcomes)[504] == play.journal.faults > 0
        await play.recovered()


async def test_upstream_that_hangs_after_headers() -> None:
    """An answer that stops is cut at the client, never ended as if it were whole."""
    async with scene(hangs_after_headers) as play:
        outcomes = await play.play(6)
        assert statuses(outcomes).keys() == {200, 201, 0}
        assert statuses(outcomes)[0] == play.journal.faults
        await play.recovered()


async def test_upstream_that_dies_mid_body() -> None:
    """An answer that breaks off is cut at the client, and only the calls that met it are lost."""
    async with scene(dies_mid_body) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() == {200, 201, 0}
        assert statuses(outcomes)[0] == play.journal.faults
        await play.recovered()


async def test_upstream_that_dies_mid_stream() -> None:
    """An event stream that breaks off is seen to be broken; every other one arrives whole."""
    async with scene(dies_mid_stream, streams=True) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() == {200, 201, 0}
        whole = [outcome.body for outcome in reads(outcomes) if outcome.well]
        assert set(whole) == {b"data: x\n\n" * EVENTS}
        assert statuses(outcomes)[0] == play.journal.faults
        await play.recovered()


async def test_upstream_that_sends_garbage() -> None:
    """Reads that meet garbage are saved by a second attempt, writes are 502, and no client sees a byte of it."""
    async with scene(garbage, every=RARELY) as play:
        outcomes = await play.play()
        assert statuses(reads(outcomes)) == {200: 120}
        assert statuses(outcomes).keys() <= {200, 201, 502}
        assert not any(b"no http" in outcome.body for outcome in outcomes)
        await play.recovered()


async def test_upstream_that_closes_silently_after_a_500() -> None:
    """The 500 passes, and no later call ever meets the closed connection."""
    async with scene(closes_after_500) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() == {200, 201, 500}
        assert statuses(outcomes)[500] == play.journal.faults
        assert play.gate.gateway.context.metrics.value("cutover_upstream_failures_total") == 0
        await play.recovered()
