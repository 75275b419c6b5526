"""What becomes of a request that took a shortcut when its answer, its service or its client is not plain."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.routes import Timeouts
from tests.apps.echo import raw, upstream
from tests.apps.gateways import running
from tests.apps.rawclient import RawClient
from tests.apps.repeated import PATH, TOKEN, dated, repeating, steady, things
from tests.apps.table import route, settings, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from tests.apps.echo import Behaviour, Seen
    from tests.apps.repeated import Repeating

DATE = b"Date: Mon, 23 Nov 2026 10:00:00 GMT\r\n"
ANSWERS = {
    "not found": b"HTTP/1.1 404 Not Found\r\n" + DATE + b"Content-Length: 2\r\n\r\nno",
    "fault": b"HTTP/1.1 500 Oops\r\n" + DATE + b"Content-Length: 2\r\n\r\nno",
    "empty": b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n" + DATE + b"\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\n" + DATE + b"Content-Length: 9\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\n" + DATE + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "dateless": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "redirect": b"HTTP/1.1 307 Moved\r\n" + DATE + b"Location: /things/?a=1\r\nContent-Length: 0\r\n\r\n",
    "cookies": b"HTTP/1.1 200 OK\r\n" + DATE + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok",
    "own limits": b"HTTP/1.1 200 OK\r\n" + DATE + b"X-RateLimit-Limit: 7\r\nContent-Length: 2\r\n\r\nok",
    "own cors": b"HTTP/1.1 200 OK\r\n" + DATE + b"Access-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok",
    "own id": b"HTTP/1.1 200 OK\r\n" + DATE + b"X-Request-ID: theirs\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok",
    "nominates": b"HTTP/1.1 200 OK\r\n" + DATE + b"Connection: x-gone\r\nX-Gone: 1\r\nContent-Length: 2\r\n\r\nok",
    "latin": b"HTTP/1.1 200 OK\r\n" + DATE + b"X-Bytes: \xe9\xff\r\nContent-Length: 2\r\n\r\nok",
    "spaced": b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length:   2  \r\nX-Blank:\r\n\r\nok",
    "upper": b"HTTP/1.1 200 OK\r\nDATE: now\r\nCONTENT-LENGTH: 2\r\n\r\nok",
}


@pytest.mark.parametrize("headers", [[TOKEN], [TOKEN, ("Origin", "http://page")]], ids=["plain", "page"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_every_kind_of_answer_arrives_as_on_the_long_way(name: str, headers: list[tuple[str, str]]) -> None:
    """Status, headers in their order and body do not depend on the way, nor does whether the connection stays."""

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        return await (dated if seen.target != "/things" else raw(ANSWERS[name]))(seen, reader, writer)

    async with repeating(behave) as play:
        # A connection is never used again after a 5xx, so several must rest.
        await play.up_connections(8)
        answers = [await play.ask(PATH, *headers) for _ in range(6)]
        assert len({(steady(one.head.decode("latin-1")), one.body) for one in answers}) == 1
        assert (play.client.reconnects, play.shortcuts) == (0, 4)


async def _pieces(pieces: list[bytes], pause: float = 0.01) -> Behaviour:
    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        return True

    return behave


@pytest.mark.parametrize("cut", [1, 20, 60, 110, 1000])
async def test_answer_in_pieces_is_passed_on_whole(cut: int) -> None:
    """Wherever the service's answer is cut on its way, the client gets all of it."""
    whole = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000
    async with repeating(await _pieces([whole[:cut], whole[cut:]])) as play:
        answers = [await play.ask() for _ in range(4)]
        assert {one.body for one in answers} == {b"x" * 5000}
        assert play.shortcuts == 2


async def test_stream_is_a_stream_at_once() -> None:
    """The head of an answer that takes its time is passed on before its body is there."""
    ready = asyncio.Event()

    async def behave(seen: Seen, reader: Any, writer: asyncio.StreamWriter) -> bool:
        if not ready.is_set():
            return await dated(seen, reader, writer)
        writer.write(b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 4\r\n\r\nab")
        await writer.drain()
        await gate.wait()
        writer.write(b"cd")
        return True

    gate = asyncio.Event()
    async with repeating(behave) as play:
        await play.shortened()
        ready.set()
        await play.client.send("GET", PATH, TOKEN)
        reader = play.client.reader
        assert reader is not None
        head = await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"ab"
        gate.set()
        assert await reader.readexactly(2) == b"cd"
        assert b"x-request-id" in head
        assert play.gate.gateway.context.metrics.in_flight == 0


async def test_read_whose_connection_dies_is_asked_again() -> None:
    """A second attempt saves it: with the same id, a context of its own, and no second token."""
    dead: list[Seen] = []

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        if len(play.up.seen) == 4:
            dead.append(seen)
            return False
        return await dated(seen, reader, writer)

    async with repeating(behave) as play:
        answers = [await play.ask() for _ in range(4)]
        assert [one.status for one in answers] == [200] * 4
        first, second = play.up.seen[3:]
        assert first is dead[0]
        assert first.values("x-request-id") == second.values("x-request-id") == [answers[3].header("x-request-id")]
        assert first.values("cutover-context") != second.values("cutover-context")
        assert [one.header("x-ratelimit-remaining") for one in answers] == ["999", "998", "997", "996"]
        metrics = play.gate.gateway.context.metrics
        assert metrics.value("cutover_retries_total") == 1
        assert metrics.value("cutover_requests_total", route="get", status="200") == 4


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (b"no http at all\r\n\r\n", 502, "broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 502, "broken"),
        (b"", 504, "timeout"),
    ],
)
async def test_failing_service_is_told_as_on_the_long_way(answer: bytes, status: int, reason: str) -> None:
    """Garbage and silence become the same problem, count for the circuit, and are logged with their reason."""

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        if len(play.up.seen) < 4:
            return await dated(seen, reader, writer)
        writer.write(answer)
        await reader.read(1)
        return False

    limits = Timeouts(1.0, 0.2, 0.2)
    one = route("get", "compute", "GET /things", "GET /api/things", timeouts=limits)
    async with upstream(behave) as up, AsyncExitStack() as stack:
        play: Repeating = await stack.enter_async_context(repeating(behave, made=table(up.address, one)))
        play.up = up
        answers = [await play.ask() for _ in range(4)]
        assert [one.status for one in answers] == [200, 200, 200, status]
        problem = json.loads(answers[3].body)
        assert (problem["status"], problem["request_id"]) == (status, answers[3].header("x-request-id"))
        metrics = play.gate.gateway.context.metrics
        assert metrics.value("cutover_upstream_failures_total", route="get", reason=reason) == 1
        assert (metrics.in_flight, play.shortcuts) == (0, 2)
        assert (await play.ask()).status == status


async def test_client_that_leaves_ends_the_service_s_work(capfd: pytest.CaptureFixture[str]) -> None:
    """The service sees its connection end at once; the request is logged as 499, and nothing stays in flight."""

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        if len(play.up.seen) < 4:
            return await dated(seen, reader, writer)
        assert await reader.read(1) == b""
        left.set()
        return False

    left = asyncio.Event()
    async with repeating(behave, own=settings(access_log=True)) as play:
        await play.shortened()
        await play.client.send("GET", PATH, TOKEN)
        await eventually(lambda: len(play.up.seen) == 4)
        play.client.close()
        async with asyncio.timeout(2):
            await left.wait()
        await eventually(lambda: play.gate.gateway.context.metrics.in_flight == 0)
        states = play.gate.gateway.context.resilience.states(play.gate.gateway.context.table)
        assert states["compute"] == "closed"
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith('{"at"')]
    assert (lines[-1]["status"], lines[-1]["failure"], lines[-1]["route"]) == (499, "client-gone", "get")


async def test_reload_leaves_a_request_on_its_way_its_table() -> None:
    """What was asked under a table that names the service is ended under it, even where the new one does not."""
    go = asyncio.Event()

    async def behave(seen: Seen, reader: Any, writer: asyncio.StreamWriter) -> bool:
        if len(play.up.seen) < 4:
            return await dated(seen, reader, writer)
        await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\n" + DATE + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        return True

    async with repeating(behave) as play:
        await play.shortened()
        await play.client.send("GET", PATH, TOKEN)
        await eventually(lambda: len(play.up.seen) == 4)
        old = play.gate.gateway.context.table
        services = {name: one for name, one in old.services.items() if name != "compute"}
        moved = tuple(replace(one, service="front") for one in old.routes)
        play.gate.gateway.reload(replace(old, routes=moved, services=services))
        go.set()
        answer = await play.client.receive()
        assert (answer.status, answer.body) == (200, b"abc")


async def test_requests_behind_it_wait_their_turn() -> None:
    """Pipelined requests are answered in order, whichever way each goes."""
    async with repeating() as play:
        await play.shortened()
        for number in range(3):
            await play.client.send("GET", PATH, TOKEN)
            await play.client.send("GET", f"{PATH}/{number}", TOKEN)
        bodies = [json.loads((await play.client.receive()).body)["target"] for _ in range(6)]
    assert bodies == ["/things", "/things/0", "/things", "/things/1", "/things", "/things/2"]


async def test_client_that_does_not_read_is_waited_for() -> None:
    """Answers do not pile up before a client that takes none."""
    big = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000
    async with repeating(raw(big)) as play:
        await play.shortened()
        seen = len(play.up.seen)
        reader, writer = await asyncio.open_connection("127.0.0.1", play.gate.port, limit=1 << 12)
        for _ in range(60):
            writer.write(f"GET {PATH} HTTP/1.1\r\nHost: platform.example:8000\r\n".encode())
            writer.write(f"{TOKEN[0]}: {TOKEN[1]}\r\n\r\n".encode())
        await asyncio.sleep(0.5)
        assert len(play.up.seen) - seen < 50
        for _ in range(60):
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(200_000)
        writer.close()


async def test_draining_gateway_lets_it_end_and_says_so() -> None:
    """A stop waits for a request on the shorter way; its answer ends the connection."""

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        if len(up.seen) == 4:
            await go.wait()
        return await dated(seen, reader, writer)

    go = asyncio.Event()
    async with upstream(behave) as up:
        gates = running(things(up.address))
        gate = await gates.__aenter__()
        async with RawClient(gate.addresses.public) as client:
            for _ in range(3):
                await client.ask("GET", PATH, TOKEN)
            await client.send("GET", PATH, TOKEN)
            await eventually(lambda: len(up.seen) == 4)
            stopping = asyncio.create_task(gates.__aexit__(None, None, None))
            await eventually(lambda: gate.gateway.context.draining)
            go.set()
            answer = await client.receive()
            assert (answer.status, answer.header("connection")) == (200, "close")
            await stopping
            assert gate.gateway.context.metrics.value("cutover_cut_total") == 0


async def test_drain_that_is_over_cuts_and_counts_it() -> None:
    """What outlasts the drain is cut, and counted with the rest."""

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        if len(up.seen) == 4:
            await reader.read(1)
            return False
        return await dated(seen, reader, writer)

    async with upstream(behave) as up:
        gates = running(things(up.address, drain=0.2))
        gate = await gates.__aenter__()
        async with RawClient(gate.addresses.public) as client:
            for _ in range(3):
                await client.ask("GET", PATH, TOKEN)
            await client.send("GET", PATH, TOKEN)
            await eventually(lambda: len(up.seen) == 4)
            await gates.__aexit__(None, None, None)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await client.receive()
        metrics = gate.gateway.context.metrics
        assert (metrics.value("cutover_cut_total"), metrics.in_flight) == (1, 0)
