"""What stands in the gateway's place for the shadow: `python -m loadtests.bench.stand_in MANNER PORT`."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, cast

import uvloop

from loadtests.bench.configs import BODY

if TYPE_CHECKING:
    from collections.abc import Sequence

HEALTHY, SLOW, HANGING, DEAD = "healthy", "slow", "hanging", "dead"
MANNERS = (HEALTHY, SLOW, HANGING, DEAD)
"""Answers at once what the service answers, after a second, never; or nobody listens."""
LATE = 1.0
"""Seconds after which a slow one answers."""
_END = b"\r\n\r\n"
_ANSWER = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n{BODY}".encode()


class StandIn(asyncio.Protocol):
    """One connection of copies, which have no bodies: each head is answered after `delay` seconds, or never."""

    def __init__(self, delay: float | None) -> None:
        self._delay = delay
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        *heads, self._held = (self._held + data).split(_END)
        for _ in heads:
            if self._delay == 0:
                self._transport.write(_ANSWER)
            elif self._delay is not None:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, _ANSWER)


async def serve(manner: str, port: int) -> None:
    """Listen on a port of the loopback until cancelled."""
    delay = {HEALTHY: 0.0, SLOW: LATE, HANGING: None}[manner]
    server = await asyncio.get_running_loop().create_server(lambda: StandIn(delay), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main(arguments: Sequence[str]) -> None:
    """Entry point: manner and port."""
    manner, port = arguments
    uvloop.run(serve(manner, int(port)))


if __name__ == "__main__":
    main(sys.argv[1:])
