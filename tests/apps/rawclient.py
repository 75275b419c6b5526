"""A client that shows the very bytes of answers, on one kept connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True)
class Answer:
    """Head as it stood on the wire, and the body without its framing."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(b" ", 2)[1])

    def header(self, name: str) -> str:
        """The first value of a header, empty when absent."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            key, _, text = line.partition(": ")
            if key.lower() == name:
                return text
        return ""


class RawClient:
    """One connection at a time; opened again when the server closed it, which `reconnects` counts.

    `source` is the address it comes from, another loopback one.
    """

    def __init__(self, address: str, source: str | None = None) -> None:
        self._host, _, port = address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._source = (source, 0) if source else None
        self._head_asked = False
        self.reconnects = -1
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self.writer:
            self.writer.close()
        self.writer = None

    async def send(self, method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> None:
        """Send a request, with a Host of its own unless one is given."""
        if self.writer is None or self.reader is None or self.reader.at_eof():
            self.close()
            self.reconnects += 1
            self.reader, self.writer = await asyncio.open_connection(self._host, self._port, local_addr=self._source)
        self._head_asked = method == "HEAD"
        given = {name.lower() for name, _ in headers}
        fields = [] if "host" in given else [("Host", "platform.example:8000")]
        if body and not given & {"content-length", "transfer-encoding"}:
            fields.append(("Content-Length", str(len(body))))
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {text}" for name, text in (*fields, *headers)), "", ""]
        self.writer.write("\r\n".join(lines).encode("latin-1") + body)
        await self.writer.drain()

    async def receive(self) -> Answer:
        """The next answer, whole."""
        assert self.reader is not None
        head = await self.reader.readuntil(b"\r\n\r\n")
        answer = Answer(head, b"")
        if answer.status in {101, 204, 304} or self._head_asked:
            return answer
        if answer.header("transfer-encoding") == "chunked":
            return Answer(head, await self._chunks())
        return Answer(head, await self.reader.readexactly(int(answer.header("content-length") or 0)))

    async def ask(self, method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> Answer:
        """Send and receive; like a browser, once more when a kept connection turns out to be closed."""
        try:
            await self.send(method, target, *headers, body=body)
            answer = await self.receive()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            await self.send(method, target, *headers, body=body)
            answer = await self.receive()
        if answer.header("connection").lower() == "close":
            self.close()
        return answer

    async def chunk(self) -> bytes:
        """One chunk of a chunked answer; empty at its end."""
        assert self.reader is not None
        size = int(await self.reader.readline(), 16)
        data = await self.reader.readexactly(size)
        await self.reader.readexactly(2)
        return data

    async def _chunks(self) -> bytes:
        body = b""
        while data := await self.chunk():
            body += data
        return body
