"""The last resort: one request sent on a fresh connection, its answer passed on byte for byte as it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Request

_CHUNK = 65_536


async def relay(
    address: tuple[str, int], request: Request, write: Callable[[bytes], None], *, connect: float, idle: float
) -> int:
    """Pass the answer to `write` and return its status; 0 when there was none and nothing was written.

    The request asks for the connection to be closed, so that the end of the answer needs no parsing. `connect` and
    `idle` are seconds.
    """
    try:
        async with asyncio.timeout(connect):
            reader, writer = await asyncio.open_connection(*address)
    except OSError:
        return 0
    status = 0
    try:
        writer.write(_assemble(request))
        while chunk := await asyncio.wait_for(reader.read(_CHUNK), idle):
            status = status or _status(chunk)
            write(chunk)
    except OSError:
        # What was passed on stays passed on; the client sees the connection close early, as it would have.
        return status
    finally:
        writer.close()
    return status


def _assemble(request: Request) -> bytes:
    kept = [f"{name}: {value}" for name, value in request.headers if name.lower() != "connection"]
    lines = [f"{request.method} {request.target} HTTP/1.1", *kept, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + request.body


def _status(chunk: bytes) -> int:
    word = chunk[:12].partition(b" ")[2]
    return int(word) if word.isdigit() else 1
