"""The last resort: one request sent on a fresh connection, its answer passed on byte for byte as it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Request

_CHUNK = 65_536


async def relay(
    address: tuple[str, int], request: Request, write: Callable[[bytes], None], *, connect: float, idle: float
) -> int:
    """Pass the answer to `write` and return its status; 0 when there was none and nothing was written.

    The request asks for the connection to be closed, since the client's is closed after it too. `connect` and `idle`
    are seconds.
    """
    try:
        async with asyncio.timeout(connect):
            reader, writer = await asyncio.open_connection(*address)
    except OSError:
        return 0
    end = _End(request.method)
    try:
        writer.write(_assemble(request))
        while not end.reached and (chunk := await asyncio.wait_for(reader.read(_CHUNK), idle)):
            end.feed(chunk)
            write(chunk)
    except (OSError, httptools.HttpParserError):
        # What was passed on stays passed on; the client sees the connection close early, as it would have.
        return end.status
    finally:
        writer.close()
    return end.status


class _End:
    """Watches an answer pass until it is complete."""

    def __init__(self, method: str) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = method == "HEAD"
        self.reached = False
        self.status = 0

    def feed(self, chunk: bytes) -> None:
        self._parser.feed_data(chunk)

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.reached = self._bodiless

    def on_message_complete(self) -> None:
        self.reached = True


def _assemble(request: Request) -> bytes:
    kept = [f"{name}: {value}" for name, value in request.headers if name.lower() != "connection"]
    lines = [f"{request.method} {request.target} HTTP/1.1", *kept, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + request.body
