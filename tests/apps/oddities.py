"""A service with the platform's habits on the wire, as a raw server: it counts what is delivered to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

Head = tuple[str, str, list[tuple[str, str]]]


class Oddities:
    """Answers by path; `deliveries` counts `METHOD target`, `heads` keeps what arrived, newest last.

    `/fault` answers 500 and closes without a word; `/events` sends one event whenever `release` is set.
    """

    def __init__(self, name: str = "legacy", *, port: int = 0) -> None:
        self.name = name
        self.port = port
        self.deliveries: Counter[str] = Counter()
        self.heads: list[Head] = []
        self.bodies: list[bytes] = []
        self.release = asyncio.Event()
        self.rename = ("", "")
        self.connections = 0
        self.override: Callable[[Head, bytes, asyncio.StreamWriter], Awaitable[None]] | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Refuse connections and drop those that stand."""
        self._server.close()
        self.drop()
        await self._server.wait_closed()

    @property
    def standing(self) -> int:
        """Connections that are open."""
        return len(self._open)

    def drop(self) -> None:
        """Close the connections that stand."""
        for writer in list(self._open):
            writer.transport.abort()

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def writes(self) -> Counter[str]:
        """Deliveries that are not reads."""
        return Counter(
            {key: n for key, n in self.deliveries.items() if not key.startswith(("GET", "OPTIONS", "HEAD"))}
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while head := await _head(reader):
                body = await _body(reader, head)
                self.deliveries[f"{head[0]} {head[1]}"] += 1
                self.heads.append(head)
                self.bodies.append(body)
                if self.override:
                    await self.override(head, body, writer)
                elif not await self._answer(head, body, reader, writer):
                    break
                await writer.drain()
        self._open.discard(writer)
        writer.close()

    async def _answer(
        self, head: Head, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        path = head[1].partition("?")[0].replace(*self.rename)
        host = value(head, "host")
        if path == "/fault":
            writer.write(
                answer("500 Internal Server Error", b"Internal Server Error", ("content-type", "text/plain"))
            )
            return False
        if path == "/redirect":
            writer.write(answer("307 Temporary Redirect", b"", ("location", f"http://{host}/items/7")))
        elif path == "/empty":
            writer.write(b"HTTP/1.1 204 No Content\r\nserver: uvicorn\r\ncontent-type: application/json\r\n\r\n")
        elif path == "/events":
            await self._events(writer)
        elif path == "/large":
            writer.write(answer("200 OK", b"x" * int(head[1].partition("=")[2])))
        elif path == "/socket":
            await _echo(reader, writer)
            return False
        elif head[0] == "POST":
            created = b'{"created":%d,"bytes":%d}' % (self.deliveries["POST " + head[1]], len(body))
            writer.write(answer("201 Created", created, ("content-type", "application/json")))
        else:
            writer.write(plain(head[1]))
        return True

    async def _events(self, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
            b"x-accel-buffering: no\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        for number in range(3):
            await self.release.wait()
            self.release.clear()
            event = b"data: %d\n\n" % number
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
        writer.write(b"0\r\n\r\n")


def value(head: Head, name: str) -> str:
    """The first value of a header, empty when absent."""
    return next((text for key, text in head[2] if key.lower() == name), "")


def answer(status: str, body: bytes, *headers: tuple[str, str]) -> bytes:
    """An answer with uvicorn's usual headers."""
    lines = [f"HTTP/1.1 {status}", "date: Sun, 22 Nov 2026 18:00:00 GMT", "server: uvicorn"]
    lines += [f"{name}: {text}" for name, text in headers] + [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def plain(target: str) -> bytes:
    """A read with duplicates and mixed case in its headers."""
    body = b'{"target":"%s"}' % target.encode()
    headers = (
        ("Set-Cookie", "a=1; Path=/"),
        ("set-cookie", "b=2; HttpOnly"),
        ("X-MiXed-Case", "kept"),
        ("x-multi", "one"),
        ("X-Multi", "two"),
        ("content-type", "application/json"),
        ("access-control-allow-origin", "*"),
    )
    return answer("200 OK", body, *headers)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n")
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def _head(reader: asyncio.StreamReader) -> Head | None:
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    lines = text.split("\r\n")
    method, target, _ = lines[0].split(" ")
    return method, target, [(line.partition(": ")[0], line.partition(": ")[2]) for line in lines[1:] if line]


async def _body(reader: asyncio.StreamReader, head: Head) -> bytes:
    if value(head, "transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return body
    return await reader.readexactly(int(value(head, "content-length") or 0))
