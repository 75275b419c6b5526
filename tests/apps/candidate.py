"""What a gateway under test does to copies, right or wrong, for `Oddities.override`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from gateway.core.mark import DRY_RUN_TYPE, MARK_HEADER
from tests.apps.oddities import answer, plain, value

if TYPE_CHECKING:
    from tests.apps.oddities import Head


async def faithful(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
    """Reads answer as legacy does; dry runs show the request that legacy got."""
    target = head[1].replace("/api/v1", "", 1)
    if not value(head, MARK_HEADER.lower()).startswith("dry-run;"):
        writer.write(plain(target))
        return
    kept = tuple(pair for pair in head[2] if pair[0] != MARK_HEADER)
    document = {"upstream": Request(head[0], target, kept, body).to_json(), "service": "svc", "route": ""}
    writer.write(answer("200 OK", json.dumps(document).encode(), ("content-type", DRY_RUN_TYPE)))


async def silent(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - it hangs
    """Never answers."""
    await asyncio.Event().wait()


async def flooding(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - it floods
    """Answers 100 MB, as far as anybody reads it."""
    size = 100 * 1024 * 1024
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
    for _ in range(100):
        writer.write(b"x" * (size // 100))
        await writer.drain()


async def endless(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - it sends
    """Answers 1 GB in chunks, with no word of how much it will be, as far as anybody reads it."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    piece = b"%x\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
    for _ in range(1024):
        writer.write(piece)
        await writer.drain()
    writer.write(b"0\r\n\r\n")


async def breaking(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - it breaks off
    """Answers half of what it announces and hangs up."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2000\r\n\r\n" + b"x" * 1000)
    await writer.drain()
    writer.transport.close()


async def resetting(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - it resets
    """Takes the request and hangs up."""
    writer.transport.abort()
