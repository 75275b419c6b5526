"""Whether an address accepts connections: asked before a byte of a request is sent there."""

from __future__ import annotations

import asyncio
import time


class Reach:
    """Connects and hangs up. After a failure everybody is told no at once for `pause` seconds, then one asks again.

    `timeout` bounds what a black hole can cost a request.
    """

    def __init__(self, host: str, port: int, *, timeout: float = 0.5, pause: float = 1.0) -> None:
        self._address = (host, port)
        self._timeout = timeout
        self._pause = pause
        self._down_until = 0.0
        self._asking: asyncio.Task[bool] | None = None

    async def accepts(self) -> bool:
        """Whether a connection stands within the timeout."""
        if time.monotonic() < self._down_until:
            return False
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(*self._address)
        except OSError:
            self._down_until = time.monotonic() + self._pause
            return False
        writer.close()
        return True
