"""What a gateway weighs while large bodies pass through it, in both directions, and when clients have gone."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from h2.connection import H2Connection
from h2.stream import H2Stream
from websockets.asyncio.client import connect
from websockets.protocol import Protocol

from gateway.admit_socket import Admitted
from gateway.listen.http1 import Http1
from gateway.listen.http2 import Http2
from gateway.listen.socket import Socket
from gateway.listen.stream import Stream
from gateway.listen.tls import Certificate
from gateway.listen.turn import Turn
from gateway.transport.connection import Connection
from tests.apps.certificates import trusting, written
from tests.apps.echo import respond, upstream
from tests.apps.gateway_process import gateway_process
from tests.apps.h2client import ASK, h2_client
from tests.apps.listening import echo, listening
from tests.apps.rawclient import RawClient
from tests.apps.repeated import PATH, TOKEN, repeating
from tests.apps.table import bearer
from tests.apps.wire import eventually
from tests.gateway.test_websocket import free, sockets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.apps.echo import Seen
    from tests.apps.gateway_process import GatewayProcess
    from tests.apps.gateways import Running
    from tests.apps.repeated import Repeating

MIB = 1 << 20
SIZE = 50 * MIB
PIECE = b"x" * (MIB // 4)
BOUNDARY = "cut-here"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
FILE = """
version: 1
platform: test
gateway: {{listen: "127.0.0.1:0", internal_listen: "127.0.0.1:0", max_body: 52MiB}}
services:
  compute: {{legacy: "{address}", authorization: strip, shadow_listen: "127.0.0.1:1"}}
limits: {{read: {{rate: 100000, burst: 100000}}, write: {{rate: 100000, burst: 100000}}}}
routes:
  - {{id: up, service: compute, legacy: POST /files, gateway: POST /api/files, effect: write, access: jwt,
     timeouts: {{first_byte: 60s, idle: 60s}}}}
  - {{id: down, service: compute, legacy: GET /files, gateway: GET /api/files, effect: read, access: jwt,
     timeouts: {{first_byte: 60s, idle: 60s}}}}
"""


class Files:
    """A service that counts what it is sent without keeping it, and sends as much on request."""

    def __init__(self) -> None:
        self.received: list[int] = []

    async def behave(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take an upload piece by piece, or pour a download."""
        if seen.method == "POST":
            left = length = int(seen.values("content-length")[0])
            while left:
                left -= len(await reader.read(min(left, MIB)))
                await asyncio.sleep(0)
            self.received.append(length)
            return await respond(writer, 201, b"%d" % length)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(SIZE // len(PIECE)):
            writer.write(PIECE)
            await writer.drain()
        return True


async def upload(child: GatewayProcess) -> int:
    """One multipart upload of 50 MiB; the status."""
    host, _, port = child.public.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = [
        "POST /api/files HTTP/1.1",
        "Host: a",
        f"Authorization: {bearer()['Authorization']}",
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        f"Content-Length: {len(HEAD) + SIZE + len(TAIL)}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + HEAD)
    for _ in range(SIZE // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()
    writer.write(TAIL)
    status = int((await reader.readline()).split()[1])
    writer.close()
    return status


async def download(child: GatewayProcess) -> int:
    """One download; the bytes that came."""
    host, _, port = child.public.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /api/files HTTP/1.1\r\nHost: a\r\nAuthorization: {bearer()['Authorization']}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head
    count = 0
    while piece := await reader.read(MIB):
        count += len(piece)
        await asyncio.sleep(0)
    writer.close()
    return count


async def peak(child: GatewayProcess, work: list[asyncio.Task[int]]) -> int:
    """The most that the process weighed while the work was done."""
    most = child.memory
    while not all(task.done() for task in work):
        most = max(most, child.memory)
        await asyncio.sleep(0.02)
    return most


@pytest.mark.proof
@pytest.mark.parametrize("many", [4, pytest.param(20, marks=[pytest.mark.proof, pytest.mark.timeout(300)])])
async def test_uploads_of_50_mib_pass_in_bounded_memory(tmp_path: Path, many: int) -> None:
    """Multipart uploads at once arrive whole, and weigh no more than 2 MiB each."""
    files = Files()
    async with upstream(files.behave) as up, gateway_process(tmp_path, FILE.format(address=up.address)) as child:
        up.reads_body = False
        await child.ready()
        before = child.memory
        work = [asyncio.create_task(upload(child)) for _ in range(many)]
        most = await peak(child, work)
        assert {task.result() for task in work} == {201}
        assert files.received == [len(HEAD) + SIZE + len(TAIL)] * many
        grown = most - before
        print(f"{many} uploads of 50 MiB: {grown / MIB:.1f} MiB more than at rest")  # noqa: T201 - a number of the proof
        assert grown < (8 + 2 * many) * MIB


@pytest.mark.proof
@pytest.mark.parametrize("many", [4, pytest.param(20, marks=[pytest.mark.proof, pytest.mark.timeout(300)])])
async def test_downloads_of_50_mib_pass_in_bounded_memory(tmp_path: Path, many: int) -> None:
    """Downloads by clients slower than the service weigh as little."""
    async with upstream(Files().behave) as up, gateway_process(tmp_path, FILE.format(address=up.address)) as child:
        up.reads_body = False
        await child.ready()
        before = child.memory
        work = [asyncio.create_task(download(child)) for _ in range(many)]
        most = await peak(child, work)
        assert {task.result() for task in work} == {SIZE}
        grown = most - before
        print(f"{many} downloads of 50 MiB: {grown / MIB:.1f} MiB more than at rest")  # noqa: T201 - a number of the proof
        assert grown < (8 + 2 * many) * MIB


@asynccontextmanager
async def _leaving_nothing(*kinds: type) -> AsyncIterator[None]:
    """What of these kinds is made within is gone afterwards, with the garbage collector off."""
    gc.disable()
    # What was frozen is not among what is found.
    gc.freeze()
    try:
        yield
        await eventually(lambda: not [one for one in gc.get_objects() if type(one) in kinds])
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize("ends", ["client", "service"])
async def test_a_stream_that_ends_leaves_the_garbage_collector_nothing(ends: str) -> None:
    """Whoever ends it, what it held is freed at once: a look for cycles stops every answer while it lasts."""
    gone = asyncio.Event()

    async def behave(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
        )
        if ends == "client":
            await reader.read()
        gone.set()
        return False

    async def once(play: Repeating, number: int) -> None:
        async with RawClient(play.gate.addresses.public) as client:
            await client.send("GET", f"{PATH}/{number}", TOKEN)
            assert client.reader is not None
            await client.reader.readuntil(b"\r\n\r\n1\r\na")
        await asyncio.wait_for(gone.wait(), 5)
        gone.clear()

    async with repeating(behave) as play:
        await once(play, 0)
        async with _leaving_nothing(Http1, Turn, Connection):
            for number in range(1, 5):
                await once(play, number)


@pytest.mark.parametrize("ends", ["closes", "leaves", "breaks", "close 1012 restart", "drop"])
async def test_a_socket_that_ends_leaves_the_garbage_collector_nothing(ends: str) -> None:
    """Whoever ends a WebSocket and however, its connection, its frames and its relay are freed at once."""

    async def once(gate: Running) -> None:
        client = await connect(free(gate))
        await client.send("a")
        assert await client.recv() == "a"
        match ends:
            case "closes":
                await client.close()
            case "leaves":
                client.transport.abort()
            case "breaks":
                client.transport.write(b"\xff\xff\xff\xff")
            case _:
                await client.send(ends)
        await client.wait_closed()

    async with sockets() as (gate, _):
        await once(gate)
        # The halves of the protocol in the test's client and service are of other classes.
        async with _leaving_nothing(Http1, Socket, Admitted, Protocol):
            for _ in range(3):
                await once(gate)


@pytest.mark.parametrize("ends", ["whole", "early", "reset"])
async def test_an_http2_connection_that_ends_leaves_the_garbage_collector_nothing(ends: str, tmp_path: Path) -> None:
    """Whether its requests were answered, left or taken back, it and its frames are freed at once."""
    tls = written(tmp_path)

    async def once(port: int) -> None:
        async with h2_client(port, trusting(tls, "h2")) as client:
            identity = client.ask([(":method", "POST"), *ASK[1:]], b"x", end=ends == "whole")
            if ends == "reset":
                client.h2.reset_stream(identity)
                client.send()
            await client.answer(identity if ends == "whole" else client.ask())
            # The client's half of the package holds itself, too.
            vars(client.h2).clear()

    async with listening(echo, certificate=Certificate(tls)) as on:
        await once(on.port)
        async with _leaving_nothing(Http2, Stream, H2Connection, H2Stream):
            for _ in range(3):
                await once(on.port)
