"""What happens to the gateway itself while twenty clients read and write: signals, reloads, a clock that steps."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Timeouts
from gateway.transport.origin import origin_of
from tests.apps.crowd import Crowd, judge, statuses
from tests.apps.echo import respond, upstream
from tests.apps.gateway_process import gateway_process
from tests.apps.gateways import running
from tests.apps.journal import Journal
from tests.apps.table import bearer, route, settings, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.apps.echo import Seen

LONG = 6.0
ROUTES = (
    route("things.get", "compute", "GET /things", "GET /api/things"),
    route("things.make", "compute", "POST /things", "POST /api/things"),
)
FILE = """
version: 1
platform: test
gateway: {{listen: "127.0.0.1:0", internal_listen: "127.0.0.1:0", drain: 5s}}
services:
  compute: {{legacy: "{address}", authorization: strip, shadow_listen: "127.0.0.1:1"}}
limits: {{read: {{rate: 100000, burst: 100000}}, write: {{rate: 100000, burst: 100000}}}}
routes:
  - {{id: get, service: compute, legacy: GET /things, gateway: GET /api/things, effect: read, access: jwt,
     limit: read}}
  - {{id: make, service: compute, legacy: POST /things, gateway: POST /api/things, effect: write, access: jwt,
     limit: read}}
  - {{id: stream, service: compute, legacy: GET /stream, gateway: GET /api/stream, effect: read, access: public,
     kind: sse}}
"""


def file(address: str) -> str:
    """The table file of a process."""
    return FILE.format(address=address)


@pytest.mark.parametrize("after", [0.0, 0.15, 0.3])
async def test_sigterm_at_start_up(tmp_path: Path, after: float) -> None:
    """Stopped in the middle of its start the process ends by itself and without a traceback."""
    async with upstream() as up, gateway_process(tmp_path, file(up.address)) as child:
        await asyncio.sleep(after)
        child.process.send_signal(signal.SIGTERM)
        code = await child.ended()
        assert code in {0, -signal.SIGTERM}
        assert child.process.stderr is not None
        assert b"Traceback" not in await child.process.stderr.read()


@pytest.mark.proof
async def test_sigterm_the_moment_it_listens(tmp_path: Path) -> None:
    """Stopped as the first clients come, the process answers what it took, and takes nothing it does not answer."""
    async with upstream() as up, gateway_process(tmp_path, file(up.address)) as child:
        journal = Journal(up)
        await child.ready()
        crowd = Crowd(child.public)
        load = asyncio.create_task(crowd.work(3))
        await asyncio.sleep(0.02)
        child.process.send_signal(signal.SIGTERM)
        judge(await load, journal, seconds=LONG)
        assert statuses(crowd.outcomes).keys() <= {0, 200, 201}
        assert await child.ended() == 0


async def test_sigterm_with_open_streams_under_load(tmp_path: Path) -> None:
    """Streams that end within the drain arrive whole, no accepted call is dropped, and the process ends with 0."""
    release = asyncio.Event()

    async def behave(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if not seen.target.startswith("/stream"):
            return await journal.behave(seen, reader, writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n")
        await writer.drain()
        await release.wait()
        writer.write(b"data: last\n\n")
        return False

    async with upstream() as up, gateway_process(tmp_path, file(up.address)) as child:
        journal = Journal(up)
        up.behave = behave
        await child.ready()
        streams = [asyncio.create_task(streamed(child.public)) for _ in range(10)]
        await eventually(lambda: sum(seen.target == "/stream" for seen in up.seen) == 10)
        crowd, done = Crowd(child.public), asyncio.Event()
        load = asyncio.create_task(crowd.until(done))
        await eventually(lambda: len(crowd.outcomes) > 50)
        child.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        release.set()
        done.set()
        bodies = await asyncio.gather(*streams)
        judge(await load, journal, seconds=LONG)
        assert {body.endswith(b"0\r\n\r\n") and b"last" in body for body in bodies} == {True}
        assert statuses(crowd.outcomes).keys() <= {0, 200, 201}
        # Every write that reached the service was answered: nothing accepted is dropped.
        told = {str(outcome.id) for outcome in crowd.outcomes if outcome.kind == "write" and outcome.well}
        assert set(journal.writes) == told
        assert await child.ended() == 0


async def streamed(address: str) -> bytes:
    """Everything one stream's connection brings."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


async def test_reload_under_load() -> None:
    """Tables swapped again and again while clients call cost not one request, read or write."""
    async with upstream() as up, running(table(up.address, *ROUTES)) as gate:
        journal, crowd, done = Journal(up), Crowd(gate.addresses.public), asyncio.Event()
        load = asyncio.create_task(crowd.until(done))
        context = gate.gateway.context
        for turn in range(20):
            patient = [replace(one, timeouts=Timeouts(3, 10 + turn, 10)) for one in ROUTES]
            gate.gateway.reload(replace(context.table, routes=tuple(patient)))
            await asyncio.sleep(0.02)
        done.set()
        outcomes = await load
        judge(outcomes, journal, seconds=LONG)
        assert statuses(outcomes).keys() == {200, 201}


@pytest.mark.parametrize("step", [-900.0, 900.0])
async def test_clock_step(step: float) -> None:
    """A clock that jumps a quarter of an hour under load costs no request whose token still holds."""
    jump = [0.0]
    async with upstream() as up:
        known = table(up.address, *ROUTES)
        async with running(known, settings=settings(clock=lambda: time.time() + jump[0])) as gate:
            journal, crowd, done = Journal(up), Crowd(gate.addresses.public), asyncio.Event()
            load = asyncio.create_task(crowd.until(done))
            await eventually(lambda: len(crowd.outcomes) > 100)
            jump[0] = step
            before = len(crowd.outcomes)
            await eventually(lambda: len(crowd.outcomes) > before + 100)
            jump[0] = 0.0
            done.set()
            outcomes = await load
            judge(outcomes, journal, seconds=LONG)
            assert statuses(outcomes).keys() == {200, 201}


async def test_clients_that_leave_in_the_middle() -> None:
    """Clients that hang up at any moment leave nothing behind: no connection in use, no write twice."""

    async def slow(seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.01)
        return await respond(writer, 200, seen.target.encode())

    async with upstream() as up, running(table(up.address, *ROUTES)) as gate:
        journal = Journal(up, slow)
        crowd = Crowd(gate.addresses.public)
        for pause in (0.0, 0.005, 0.02, 0.05, 0.15):
            load = asyncio.create_task(crowd.work(5))
            await asyncio.sleep(pause)
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)
        assert max(journal.writes.values(), default=0) <= 1
        assert (await gate.get("/api/things", headers=bearer())).status_code == 200
        pool, origin = gate.gateway.context.pool, origin_of(up.address)
        await eventually(lambda: up.open == pool.idle(origin))
