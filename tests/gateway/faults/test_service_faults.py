"""A service that fails while twenty clients read and write: each fault by its name.

The service is a process of its own, which is killed, stopped and started again for real. Under every fault: no write
arrives twice, none is called done that did not arrive, nobody waits for longer than the route's limits, the gateway
has no fault of its own, and afterwards everything is as before.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.resilience import CircuitPolicy
from gateway.core.routes import Kind, Timeouts
from tests.apps import failing_service as service
from tests.apps.crowd import Crowd, judge, reads, statuses
from tests.apps.gateways import running
from tests.apps.journal import EVENTS
from tests.apps.service_process import ServiceProcess, service_process
from tests.apps.table import route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.apps.gateways import Running
    from tests.apps.journal import Fault

LIMITS = Timeouts(1.5, 0.7, 0.7)
LONG = 6.0
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
DEADLY = 60
"""One request in so many kills the process."""
DEATHS = 3


class Scene:
    """A gateway, its service, and the crowd."""

    def __init__(self, service: ServiceProcess, gate: Running, *, streams: bool) -> None:
        self.service, self.gate = service, gate
        self.crowd = Crowd(gate.addresses.public, streams=streams)

    async def play(self, each: int = 12) -> list[Any]:
        """The crowd meets the fault; what came of it, judged."""
        outcomes = await self.crowd.work(each)
        self.judge()
        return outcomes

    def judge(self) -> None:
        """Hold what everybody was told against what has arrived."""
        judge(self.crowd.outcomes, self.service, seconds=LONG)

    async def recovered(self) -> None:
        """Without the fault, and once the circuit has tried, everything succeeds again."""
        await self.service.meet(None)
        context = self.gate.gateway.context
        await eventually(lambda: context.resilience.states(context.table)["compute"] != "open")
        async with asyncio.timeout(20):
            while not all(outcome.well for outcome in await self.crowd.work(2)):
                pass
        assert statuses(await self.play(2)) == {200: 20, 201: 20}


@asynccontextmanager
async def scene(
    directory: Path, fault: Fault | None, *, every: int = OFTEN, streams: bool = False
) -> AsyncIterator[Scene]:
    """A running scene."""
    async with (
        service_process(directory) as process,
        running(table(process.address, *ROUTES, circuit=CIRCUIT)) as gate,
    ):
        await process.meet(fault, every)
        yield Scene(process, gate, streams=streams)


async def test_upstream_that_drops_a_connection_now_and_then_costs_no_read(tmp_path: Path) -> None:
    """Reads whose connection dies before an answer are saved by a second attempt; writes are 502, not sent again."""
    async with scene(tmp_path, service.silently_closed, every=RARELY) as play:
        outcomes = await play.play()
        assert statuses(reads(outcomes)) == {200: 120}
        assert statuses(outcomes).keys() <= {200, 201, 502}
        assert play.service.faults >= 10
        await play.recovered()


async def test_upstream_that_refuses(tmp_path: Path) -> None:
    """Killed, nobody listens: every call fails in time, soon without asking; started again, all is well."""
    async with scene(tmp_path, None) as play:
        await play.play(2)
        await play.service.kill()
        outcomes = await play.play()
        assert statuses(outcomes).keys() <= {502, 503}
        assert statuses(outcomes)[503] > 100
        await play.service.start()
        await play.recovered()


async def test_upstream_that_restarts_costs_no_read(tmp_path: Path) -> None:
    """Killed when its successor listens, it takes every connection with it: no read is lost, no write done twice."""
    async with scene(tmp_path, None) as play:
        done = asyncio.Event()
        load = asyncio.create_task(play.crowd.until(done))
        for _ in range(DEATHS):
            before = len(play.crowd.outcomes)
            await eventually(lambda before=before: len(play.crowd.outcomes) > before + 40)
            await play.service.replace()
        done.set()
        outcomes = await load
        play.judge()
        assert statuses(reads(outcomes)).keys() == {200}
        assert statuses(outcomes).keys() <= {200, 201, 502}
        await play.recovered()


async def test_upstream_that_is_killed_under_load(tmp_path: Path) -> None:
    """Killed again and again with requests in hand and started again: nothing happens twice, nothing hangs."""
    async with scene(tmp_path, None) as play:
        play.service.revive()
        done = asyncio.Event()
        load = asyncio.create_task(play.crowd.until(done))
        for death in range(1, DEATHS + 1):
            before = len(play.crowd.outcomes)
            await eventually(lambda before=before: len(play.crowd.outcomes) > before + 40)
            play.service.send(signal.SIGKILL)
            await play.service.dead(death)
        done.set()
        outcomes = await load
        play.judge()
        assert statuses(outcomes).keys() <= {0, 200, 201, 502, 503}
        await play.recovered()


@pytest.mark.proof
async def test_upstream_that_hangs_before_headers(tmp_path: Path) -> None:
    """Calls that meet silence are 504 when their time is up, and asked once; the others are served meanwhile."""
    async with scene(tmp_path, service.hangs) as play:
        outcomes = await play.play(6)
        assert statuses(outcomes).keys() == {200, 201, 504}
        assert statuses(outcomes)[504] == play.service.faults
        async with asyncio.timeout(LONG):
            while await play.service.open() > 20:
                pass
        await play.recovered()


@pytest.mark.proof
async def test_upstream_that_stands_still(tmp_path: Path) -> None:
    """A process stopped in its tracks still accepts connections: calls are 504 in time, then 503 without asking."""
    async with scene(tmp_path, None) as play:
        await play.play(2)
        play.service.send(signal.SIGSTOP)
        outcomes = await play.play(6)
        assert statuses(outcomes).keys() == {503, 504}
        play.service.send(signal.SIGCONT)
        await play.recovered()


@pytest.mark.proof
async def test_upstream_that_drips_its_headers(tmp_path: Path) -> None:
    """A head that never ends is 504 like one that never begins."""
    async with scene(tmp_path, service.drips) as play:
        outcomes = await play.play(6)
        assert statuses(outcomes)[504] == play.service.faults > 0
        await play.recovered()


@pytest.mark.proof
async def test_upstream_that_hangs_after_headers(tmp_path: Path) -> None:
    """An answer that stops is cut at the client, never ended as if it were whole."""
    async with scene(tmp_path, service.hangs_after_headers) as play:
        outcomes = await play.play(6)
        assert statuses(outcomes).keys() == {200, 201, 0}
        assert statuses(outcomes)[0] == play.service.faults
        await play.recovered()


@pytest.mark.proof
async def test_upstream_that_stands_still_after_headers(tmp_path: Path) -> None:
    """The process stops with an answer begun: that one is cut, the others in hand are 504, soon 503."""
    async with scene(tmp_path, service.stops_after_headers, every=DEADLY) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() <= {0, 200, 201, 503, 504}
        assert statuses(outcomes)[0] == play.service.faults == 1
        play.service.send(signal.SIGCONT)
        await play.recovered()


async def test_upstream_that_breaks_off_mid_body(tmp_path: Path) -> None:
    """An answer that breaks off is cut at the client, and only the calls that met it are lost."""
    async with scene(tmp_path, service.breaks_off) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() == {200, 201, 0}
        assert statuses(outcomes)[0] == play.service.faults
        await play.recovered()


async def test_upstream_that_breaks_off_mid_stream(tmp_path: Path) -> None:
    """An event stream that breaks off is seen to be broken; every other one arrives whole."""
    async with scene(tmp_path, service.breaks_a_stream_off, streams=True) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() == {200, 201, 0}
        whole = [outcome.body for outcome in reads(outcomes) if outcome.well]
        assert set(whole) == {b"data: x\n\n" * EVENTS}
        assert statuses(outcomes)[0] == play.service.faults
        await play.recovered()


@pytest.mark.proof
@pytest.mark.parametrize(
    ("fault", "streams"), [(service.dies_mid_body, False), (service.dies_mid_stream, True)], ids=["body", "stream"]
)
async def test_upstream_that_dies_mid_answer(tmp_path: Path, fault: Fault, *, streams: bool) -> None:
    """Killed within an answer, again and again: that one is cut, what was in hand is 502, none passes for whole."""
    async with scene(tmp_path, fault, every=DEADLY, streams=streams) as play:
        play.service.revive()
        done = asyncio.Event()
        load = asyncio.create_task(play.crowd.until(done))
        await play.service.dead(DEATHS)
        done.set()
        outcomes = await load
        play.judge()
        assert statuses(outcomes).keys() <= {0, 200, 201, 502, 503}
        assert statuses(outcomes)[0] >= DEATHS
        whole = {outcome.body for outcome in reads(outcomes) if outcome.well}
        assert whole == {b"data: x\n\n" * EVENTS} if streams else all(body.startswith(b"/things") for body in whole)
        await play.recovered()


async def test_upstream_that_sends_garbage(tmp_path: Path) -> None:
    """Reads that meet garbage are saved by a second attempt, writes are 502, and no client sees a byte of it."""
    async with scene(tmp_path, service.garbage, every=RARELY) as play:
        outcomes = await play.play()
        assert statuses(reads(outcomes)) == {200: 120}
        assert statuses(outcomes).keys() <= {200, 201, 502}
        assert not any(b"no http" in outcome.body for outcome in outcomes)
        await play.recovered()


async def test_upstream_that_closes_silently_after_a_500(tmp_path: Path) -> None:
    """The 500 passes, and no later call ever meets the closed connection."""
    async with scene(tmp_path, service.closes_after_500) as play:
        outcomes = await play.play()
        assert statuses(outcomes).keys() == {200, 201, 500}
        assert statuses(outcomes)[500] == play.service.faults
        assert play.gate.gateway.context.metrics.value("cutover_upstream_failures_total") == 0
        await play.recovered()
