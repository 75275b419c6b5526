"""A real upstream that says what it was sent and misbehaves on request.

It speaks raw HTTP/1.1 over asyncio, so that a test controls every byte of the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Behaviour = Callable[["Seen", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class Seen:
    """One request as it came over the wire; header names keep their case, duplicates and order."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    connection: int = 0

    def values(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def to_json(self) -> dict[str, Any]:
        """What the echo answers with."""
        return {
            "method": self.method,
            "target": self.target,
            "headers": self.headers,
            "body": self.body.decode("latin-1"),
            "connection": self.connection,
        }


@dataclass
class Upstream:
    """A running upstream: its address, everything it has seen, and how it answers.

    A behaviour writes the answer and returns whether the connection stays open. Without one the request is echoed as
    JSON. `reads_body` off leaves request bodies to the behaviour.
    """

    address: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    behave: Behaviour | None = None
    reads_body: bool = True
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    server: asyncio.Server | None = None

    def close_connections(self) -> None:
        """Close every open connection without a word, as the platform does after an unhandled error."""
        for writer in list(self.writers):
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.open += 1
        self.writers.add(writer)
        number = self.connections
        try:
            while (seen := await self._read(reader)) is not None:
                seen.connection = number
                self.seen.append(seen)
                if not await (self.behave or echo)(seen, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            self.writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Seen | None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head[:-4].decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        pairs = [line.partition(": ") for line in lines[1:]]
        seen = Seen(method, target, [(name, value) for name, _, value in pairs])
        if self.reads_body:
            seen.body = await read_body(seen, reader)
        return seen


async def read_body(seen: Seen, reader: asyncio.StreamReader) -> bytes:
    """The rest of a request, by length or by chunks."""
    if seen.values("transfer-encoding"):
        pieces = []
        while size := int(await reader.readuntil(b"\n"), 16):
            pieces.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(pieces)
    length = seen.values("content-length")
    return await reader.readexactly(int(length[0])) if length else b""


async def echo(seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer with what was sent."""
    return await respond(writer, 200, json.dumps(seen.to_json()).encode(), [("Content-Type", "application/json")])


async def respond(
    writer: asyncio.StreamWriter, status: int, body: bytes = b"", headers: list[tuple[str, str]] | None = None
) -> bool:
    """Write one whole answer."""
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
    await writer.drain()
    return True


def raw(answer: bytes, *, keep: bool = True) -> Behaviour:
    """A behaviour that writes exactly these bytes."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer)
        await writer.drain()
        return keep

    return behave


@asynccontextmanager
async def upstream(behave: Behaviour | None = None) -> AsyncIterator[Upstream]:
    """A running upstream on a free port."""
    running = Upstream(behave=behave)
    server = running.server = await asyncio.start_server(running.serve, "127.0.0.1", 0, limit=1 << 20)
    running.address = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
    try:
        yield running
    finally:
        server.close()
        running.close_connections()
