"""A thousand streams of events held open at once: how much later does the first byte of another one come?"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import uvloop

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY = 1.0
"""Seconds between two events of a stream."""
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Source(asyncio.Protocol):
    """The service: a request is answered at once with a head and an event, then with an event every second.

    Each event carries the moment it was written at, on the clock all processes of a machine share.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._next: asyncio.TimerHandle | None = None
        self._held = b""

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._held += data
        if b"\r\n\r\n" in self._held and self._next is None:
            self._transport.write(_HEAD + _event())
            self._next = asyncio.get_running_loop().call_later(EVERY, self._again)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        if self._next is not None:
            self._next.cancel()

    def _again(self) -> None:
        self._transport.write(_event())
        self._next = asyncio.get_running_loop().call_later(EVERY, self._again)


@dataclass(slots=True)
class Seen:
    """Seconds from asking to the first byte of the body, and from an event's writing to its arrival."""

    first: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    failed: int = 0


class Reader(asyncio.Protocol):
    """One stream as a client sees it; times go to `seen` while `measured`."""

    def __init__(self, request: bytes, seen: Seen, *, measured: bool) -> None:
        self._request, self._seen, self._measured = request, seen, measured
        self._asked = 0.0
        self._first = False
        self._head = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)
        self._asked = time.monotonic()
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        now = time.monotonic()
        if not self._first:
            self._head += data
            if b"data: " not in self._head:
                self._seen.failed += b" 200 " not in self._head[:20]
                return
            self._first, data = True, self._head
            if self._measured:
                self._seen.first.append(now - self._asked)
        for piece in data.split(b"data: ")[1:]:
            self._seen.delays.append(now - float(piece.partition(b"\n")[0]))

    def close(self) -> None:
        """Leave."""
        if self.transport is not None:
            self.transport.close()


def _event() -> bytes:
    event = f"data: {time.monotonic():.6f}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


async def hold(url: str, tokens: Sequence[str], *, streams: int, opened: int, pace: float) -> Seen:
    """Open `streams` streams, then `opened` more one by one, each in an old one's place, `pace` a second.

    What is measured is the second part, in which `streams` are open all the time.
    """
    parts = urlsplit(url)
    seen, held = Seen(), deque[Reader]()
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(streams + opened):
        request = (
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {tokens[number % len(tokens)]}\r\n\r\n"
        ).encode()
        measured = number >= streams
        if number == streams:
            seen.delays.clear()
        reader = Reader(request, seen, measured=measured)
        await loop.create_connection(lambda reader=reader: reader, parts.hostname or "", parts.port or 80)  # type: ignore[misc]
        held.append(reader)
        if measured:
            held.popleft().close()
        await asyncio.sleep(max(0.0, start + (number + 1) / pace - loop.time()))
    await asyncio.sleep(EVERY)
    for reader in held:
        reader.close()
    seen.failed += opened - len(seen.first)
    return seen


async def serve(port: int) -> None:
    """The service, until the process ends."""
    server = await asyncio.get_running_loop().create_server(Source, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


def main(arguments: list[str]) -> None:
    """`serve PORT`, or `hold` with its arguments as JSON on stdin and what was seen as JSON on stdout."""
    if arguments[0] == "serve":
        uvloop.run(serve(int(arguments[1])))
        return
    seen = uvloop.run(hold(**json.load(sys.stdin)))
    json.dump({"first": seen.first, "delays": seen.delays, "failed": seen.failed}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
