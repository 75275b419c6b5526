"""Raw bytes to a listening port and back, for what no client library would send."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def talk(port: int, data: bytes, *, until: bytes | None = None, seconds: float = 5.0) -> bytes:
    """Send bytes and return what comes back until the peer closes, or until a marker was read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(seconds):
            if until is not None:
                return await reader.readuntil(until)
            return await reader.read()
    finally:
        writer.close()


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Return as soon as the condition holds; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        await asyncio.sleep(0.01)
