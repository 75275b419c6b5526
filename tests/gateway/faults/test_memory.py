"""What a gateway weighs while large bodies pass through it, in both directions, and when clients have gone."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from gateway.listen.http1 import Http1
from gateway.listen.turn import Turn
from gateway.transport.connection import Connection
from tests.apps.echo import respond, upstream
from tests.apps.gateway_process import gateway_process
from tests.apps.rawclient import RawClient
from tests.apps.repeated import PATH, TOKEN, repeating
from tests.apps.table import bearer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.apps.echo import Seen
    from tests.apps.gateway_process import GatewayProcess
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


def _held() -> int:
    # What was frozen is not among them.
    return sum(isinstance(one, Http1 | Turn | Connection) for one in gc.get_objects())


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
        gc.disable()
        gc.freeze()
        try:
            for number in range(1, 5):
                await once(play, number)
            for _ in range(100):
                if not _held():
                    break
                await asyncio.sleep(0.01)
            assert not _held()
        finally:
            gc.unfreeze()
            gc.enable()
