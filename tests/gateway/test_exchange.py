"""The circuit of a service on the wire: who opens it, who closes it, and who passes it by."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.circuit import State
from gateway.core.mark import READ, sign
from gateway.core.resilience import CircuitPolicy, RetryPolicy
from gateway.core.routes import Access, Stage, Timeouts
from tests.apps.echo import raw, upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, flags, route, settings, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running

QUICK = Timeouts(1, 0.2, 0.2)
ROUTES = (
    route("get", "compute", "GET /things", "GET /api/things", timeouts=QUICK),
    route("make", "compute", "POST /things", "POST /api/things"),
    route("well", "compute", "GET /health", "GET /api/health", access=Access.PUBLIC, health=True, timeouts=QUICK),
    route("other", "front", "GET /other", "GET /api/other", access=Access.PUBLIC),
)
CIRCUIT = CircuitPolicy(failures=0.5, least=4, window=30, open=0.3, trials=1)
DEAD = raw(b"", keep=False)
CUT = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", keep=False)


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it that gives up on a service soon, and tries nothing again."""
    async with running(table(up.address, *ROUTES, circuit=CIRCUIT, retries=RetryPolicy(0, 0))) as one:
        yield one


def state(gate: Running, name: str = "compute") -> State:
    """The state of a service's circuit."""
    context = gate.gateway.context
    policy = context.table.policy.circuit
    now = asyncio.get_running_loop().time()
    return context.resilience.circuits.states(context.table.services, policy, now)[name]


async def statuses(gate: Running, path: str, times: int) -> list[int]:
    """The statuses of so many requests."""
    return [(await gate.get(path, headers=bearer())).status_code for _ in range(times)]


async def test_failing_service_is_left_alone_and_tried_again(up: Upstream, gate: Running) -> None:
    """After enough failures the gateway answers 503 with Retry-After at once; a trial that is answered ends that."""
    up.behave = DEAD
    assert await statuses(gate, "/api/things", 4) == [502] * 4
    asked = len(up.seen)
    refused = await gate.get("/api/things", headers={**bearer(), "Origin": "http://x"})
    assert (refused.status_code, refused.json()["reason"]) == (503, "circuit-open")
    assert (refused.headers["retry-after"], refused.headers["access-control-allow-origin"]) == ("1", "*")
    assert (await gate.client.post("/api/things", headers=bearer())).status_code == 503
    assert (len(up.seen), (await gate.get("/api/other")).status_code) == (asked, 502)
    up.behave = None
    await eventually(lambda: state(gate) is State.HALF_OPEN)
    assert await statuses(gate, "/api/things", 3) == [200] * 3
    assert (state(gate), gate.gateway.context.metrics.value("cutover_circuit_opened_total", service="compute")) == (
        State.CLOSED,
        1,
    )


@pytest.mark.parametrize("behave", [DEAD, raw(b""), raw(b"garbage\r\n\r\n"), CUT])
async def test_what_the_gateway_must_answer_for_is_a_failure(behave: object, up: Upstream, gate: Running) -> None:
    """Broken connections, silence, garbage and answers that break off open the circuit."""
    up.behave = behave  # type: ignore[assignment]
    for _ in range(4):
        with contextlib.suppress(httpx.RemoteProtocolError):
            await gate.get("/api/things", headers=bearer())
    await eventually(lambda: state(gate) is State.OPEN)


async def test_errors_of_the_service_itself_are_answers(up: Upstream, gate: Running) -> None:
    """The platform's 500s, 502s and 503s pass and never open the circuit."""
    for status in (500, 502, 503, 504):
        up.behave = raw(b"HTTP/1.1 %d Oops\r\nContent-Length: 0\r\n\r\n" % status)
        assert await statuses(gate, "/api/things", 5) == [status] * 5
    assert state(gate) is State.CLOSED


async def test_health_passes_an_open_circuit_and_does_not_count(up: Upstream, gate: Running) -> None:
    """A route marked as health reaches the service in every state, and neither opens nor closes its circuit."""
    up.behave = DEAD
    assert await statuses(gate, "/api/health", 10) == [502] * 10
    assert state(gate) is State.CLOSED
    await statuses(gate, "/api/things", 4)
    up.behave = None
    assert await statuses(gate, "/api/health", 3) == [200] * 3
    assert state(gate) is State.OPEN


async def test_copies_move_no_circuit(up: Upstream, gate: Running) -> None:
    """Marked copies that fail open nothing, pass an open circuit, and their answers close nothing."""

    async def copy() -> int:
        now = gate.gateway.context.settings.clock()
        mark = sign(settings().mark_key, mode=READ, method="GET", target="/api/things", body=b"", now=now)
        return (await gate.internal.get("/api/things", headers={**bearer(), "Cutover-Copy": mark})).status_code

    up.behave = DEAD
    assert [await copy() for _ in range(6)] == [502] * 6
    assert state(gate) is State.CLOSED
    await statuses(gate, "/api/things", 4)
    up.behave = None
    assert [await copy() for _ in range(3)] == [200] * 3
    assert state(gate) is State.OPEN


async def test_transparent_calls_pass_an_open_circuit(up: Upstream, gate: Running) -> None:
    """After a rollback the gateway only maps: the circuit holds nobody back."""
    up.behave = DEAD
    await statuses(gate, "/api/things", 4)
    up.behave = None
    gate.flags = flags(gate.gateway.context.table, Stage.LEGACY, left_shadow=True)
    assert await statuses(gate, "/api/things", 2) == [200] * 2
    assert state(gate) is State.OPEN


async def test_client_that_leaves_a_read_ends_it_at_the_service(up: Upstream) -> None:
    """A read that nobody waits for any more is given up before its answer, and counts neither way."""
    up.behave = raw(b"")
    table_ = table(up.address, route("slow", "compute", "GET /slow", "GET /api/slow", timeouts=Timeouts(5, 30, 30)))
    async with running(table_) as patient:
        asking = asyncio.create_task(patient.get("/api/slow", headers=bearer()))
        await eventually(lambda: up.open == 1)
        asking.cancel()
        await eventually(lambda: up.open == 0)
        assert state(patient) is State.CLOSED


async def test_client_that_leaves_a_write_lets_it_finish(up: Upstream, gate: Running) -> None:
    """A write goes on at the service although its client has left."""
    finished = asyncio.Event()

    async def behave(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asyncio.get_running_loop().call_later(0.4, finished.set)
        await finished.wait()
        assert not reader.at_eof()
        return await raw(b"HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n")(seen, reader, writer)

    up.behave = behave
    asking = asyncio.create_task(gate.client.post("/api/things", headers=bearer()))
    await eventually(lambda: len(up.seen) == 1)
    asking.cancel()
    await asyncio.wait_for(finished.wait(), 5)
    metrics = gate.gateway.context.metrics
    await eventually(lambda: metrics.value("cutover_requests_total", route="make", status="201") == 1)
