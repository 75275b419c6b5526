"""An HTTP/2 client that sends what no library would: validation is off, frames can be raw."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable

    Pairs = list[tuple[str | bytes, str | bytes]]

ASK: Any = [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/a")]

MALFORMED: list[tuple[str, Any]] = [
    ("name in capitals", [*ASK, ("X-A", "b")]),
    ("line end in a value", [*ASK, ("x-a", "b\r\nx-user-id: root")]),
    ("lone line feed in a value", [*ASK, ("x-a", "b\nc")]),
    ("zero in a value", [*ASK, ("x-a", "b\0c")]),
    ("line end in a name", [*ASK, ("x-a\r\nx-user-id", "root")]),
    ("colon in a name", [*ASK, ("x-a:b", "c")]),
    ("blank in a name", [*ASK, ("x a", "c")]),
    ("empty name", [*ASK, ("", "c")]),
    ("transfer-encoding", [*ASK, ("transfer-encoding", "chunked")]),
    ("connection", [*ASK, ("connection", "close")]),
    ("keep-alive", [*ASK, ("keep-alive", "5")]),
    ("proxy-connection", [*ASK, ("proxy-connection", "close")]),
    ("upgrade", [*ASK, ("upgrade", "websocket")]),
    ("http2-settings", [*ASK, ("http2-settings", "AAAA")]),
    ("te", [*ASK, ("te", "gzip")]),
    ("line end in the path", [*ASK[:3], (":path", "/a HTTP/1.1\r\nHost: b\r\n\r\nGET /b")]),
    ("empty path", [*ASK[:3], (":path", "")]),
    ("no path", ASK[:3]),
    ("no method", ASK[1:]),
    ("no scheme", [ASK[0], *ASK[2:]]),
    ("other scheme", [ASK[0], (":scheme", "http"), *ASK[2:]]),
    ("method with a blank", [(":method", "GET /b HTTP/1.1"), *ASK[1:]]),
    ("method with a line end", [(":method", "GET\r\n"), *ASK[1:]]),
    ("empty method", [(":method", ""), *ASK[1:]]),
    ("two paths", [*ASK, (":path", "/b")]),
    ("two methods", [(":method", "POST"), *ASK]),
    ("two authorities", [*ASK, (":authority", "b")]),
    ("pseudo-header at the end", [*ASK[:3], ("x-a", "b"), ASK[3]]),
    ("unknown pseudo-header", [*ASK, (":user", "root")]),
    ("status in a request", [*ASK, (":status", "200")]),
    ("protocol", [(":method", "CONNECT"), *ASK[1:], (":protocol", "websocket")]),
    ("host that disagrees", [*ASK, ("host", "b")]),
    ("two hosts", [*ASK, ("host", "a"), ("host", "b")]),
    ("length without a body", [*ASK, ("content-length", "5")]),
    ("two lengths", [*ASK, ("content-length", "0"), ("content-length", "5")]),
    ("signed length", [*ASK, ("content-length", "+0")]),
    ("length in words", [*ASK, ("content-length", "0, 0")]),
]
"""Requests that RFC 9113 §8 calls malformed, or that an HTTP/1.1 service would read differently."""


@dataclass
class Answer:
    """What came on one stream; `reset` is the code it was ended with."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None
    informational: list[int] = field(default_factory=list)

    def header(self, name: bytes) -> bytes:
        """The first value of a header, empty when absent."""
        return next((value for key, value in self.headers if key == name), b"")


class Client:
    """One connection; `goaway` are the codes it was told, `last` the last stream each of them named."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.h2 = H2Connection(
            H2Configuration(
                validate_outbound_headers=False, normalize_outbound_headers=False, validate_inbound_headers=False
            )
        )
        self.reader, self.writer = reader, writer
        self.answers: dict[int, Answer] = {}
        self.goaway: list[int] = []
        self.last: list[int] = []
        self.pings = 0
        self.acknowledge = True
        self.closed = False

    def send(self, data: bytes = b"") -> None:
        """Let frames go, or raw bytes."""
        self.writer.write(self.h2.data_to_send() + data)

    def ask(self, headers: Any = ASK, body: bytes | None = None, *, end: bool = True) -> int:
        """Begin a request; its stream."""
        identity = self.h2.get_next_available_stream_id()
        self.answers[identity] = Answer()
        self.h2.send_headers(identity, headers, end_stream=end and body is None)
        if body is not None:
            self.h2.send_data(identity, body, end_stream=end)
        self.send()
        return identity

    async def until(self, condition: Callable[[], Any], seconds: float = 5.0) -> None:
        """Read until something holds or the server hangs up."""
        async with asyncio.timeout(seconds):
            while not (condition() or self.closed):
                await self._read()

    async def answer(self, identity: int) -> Answer:
        """The answer on a stream, whole or reset."""
        found = self.answers[identity]
        await self.until(lambda: found.ended or found.reset is not None)
        return found

    async def end(self) -> None:
        """Read until the server hangs up."""
        await self.until(lambda: False)

    async def _read(self) -> None:
        try:
            data = await self.reader.read(65_536)
        except ConnectionError:
            data = b""
        self.closed = not data
        try:
            found = self.h2.receive_data(data)
        except ProtocolError:
            return
        for event in found:
            self._take(event)
        if not self.closed:
            self.send()

    def _take(self, event: events.Event) -> None:
        answer = self.answers.get(getattr(event, "stream_id", 0) or 0, Answer())
        match event:
            case events.ResponseReceived(headers=headers):
                answer.headers = list(headers or ())
                answer.status = int(answer.header(b":status"))
            case events.InformationalResponseReceived(headers=headers):
                answer.informational.append(int(dict(headers or ())[b":status"]))
            case events.DataReceived(data=data, flow_controlled_length=size, stream_id=identity):
                answer.body += data or b""
                if self.acknowledge and size and identity and not answer.ended:
                    self.h2.acknowledge_received_data(size, identity)
            case events.StreamEnded():
                answer.ended = True
            case events.StreamReset(error_code=code):
                answer.reset = int(code or 0)
            case events.ConnectionTerminated(error_code=code, last_stream_id=last):
                self.goaway.append(int(code or 0))
                self.last.append(last or 0)
            case events.PingAckReceived():
                self.pings += 1


@asynccontextmanager
async def h2_client(port: int, context: ssl.SSLContext) -> AsyncIterator[Client]:
    """A connected client that has told its settings."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    client = Client(reader, writer)
    client.h2.initiate_connection()
    client.send()
    try:
        yield client
    finally:
        writer.transport.abort()
