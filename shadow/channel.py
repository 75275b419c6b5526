"""The proxy's end of the way to the worker: bounded, never waited for; what does not fit is dropped and counted."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from gateway.core.observation import Bucket
from shadow.envelope import LENGTH, Copy, Envelope, Outcome, decode, encode
from shadow.watermark import Watermark

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COPIES = 512
"""Copies that may wait in the worker or on the way to it: the high mark. From there on copies are shed."""
BYTES = 32 * 1024 * 1024
"""Bytes of them."""
LOW = 0.5
"""Share of a high mark to which the queue must sink before copies are taken again: the low mark."""


class Channel:
    """Listens for one worker on a Unix socket; `landed(route, outcome)` is called once for every accepted copy.

    All methods belong to the event loop's thread and return at once.
    """

    def __init__(
        self, landed: Callable[[str, Outcome], None], *, copies: int = COPIES, max_bytes: int = BYTES
    ) -> None:
        self._landed = landed
        self._copies = Watermark(copies, int(copies * LOW))
        self._bytes = Watermark(max_bytes, int(max_bytes * LOW))
        self._worker: _Worker | None = None
        self._server: asyncio.AbstractServer | None = None

    async def listen(self, path: Path) -> None:
        """Accept workers; a newer one takes the place of an older."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Worker(self._arrived, self._lost), path)

    def offer(self, copy: Copy) -> str:
        """Hand a copy over; returns why it was dropped, or an empty text."""
        worker = self._worker
        if worker is None:
            return "worker"
        # Both are asked each time: either mark holds until its own queue has sunk.
        if not all((self._copies.takes(len(worker.waiting)), self._bytes.takes(worker.size))):
            return "full"
        worker.hand(copy)
        return ""

    def tell(self, envelope: Envelope) -> bool:
        """Send something that is not a copy; False when nobody listens."""
        if self._worker is None or not self.connected:
            return False
        self._worker.send(encode(envelope))
        return True

    @property
    def connected(self) -> bool:
        """Whether a worker listens and takes what it is sent: one that hangs must not fill our memory."""
        return self._worker is not None and self._worker.unsent <= self._bytes.high

    async def close(self) -> None:
        """Send what is buffered and hang up; waits a second at most."""
        if self._server:
            self._server.close()
        if self._worker:
            await self._worker.hang_up()

    def _arrived(self, worker: _Worker) -> None:
        self._worker = worker
        worker.landed = self._landed

    def _lost(self, worker: _Worker) -> None:
        if self._worker is worker:
            self._worker = None
        for identity, (route, _) in worker.waiting.items():
            self._landed(route, Outcome(identity, Bucket.SHED, "worker"))
        worker.waiting.clear()


class _Worker(asyncio.Protocol):
    """One connected worker and the copies it has not answered for."""

    def __init__(self, arrived: Callable[[_Worker], None], lost: Callable[[_Worker], None]) -> None:
        self.waiting: dict[str, tuple[str, int]] = {}
        self.size = 0
        self.landed: Callable[[str, Outcome], None] | None = None
        self._arrived = arrived
        self._lost = lost
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream server makes stream transports
        self._transport = transport
        self._arrived(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the reason changes nothing
        self._gone.set()
        self._lost(self)

    def hand(self, copy: Copy) -> None:
        frame = encode(copy)
        self.waiting[copy.exchange.id] = (copy.route, len(frame))
        self.size += len(frame)
        self.send(frame)

    def send(self, frame: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(frame)

    @property
    def unsent(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport else 0

    async def hang_up(self) -> None:
        if self._transport:
            self._transport.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), 1)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= LENGTH:
            end = LENGTH + int.from_bytes(self._buffer[:LENGTH], "big")
            if len(self._buffer) < end:
                return
            outcome = decode(bytes(self._buffer[LENGTH:end]))
            del self._buffer[:end]
            if isinstance(outcome, Outcome):
                self._settle(outcome)

    def _settle(self, outcome: Outcome) -> None:
        route, size = self.waiting.pop(outcome.id, (None, 0))
        self.size -= size
        if route is not None and self.landed:
            self.landed(route, outcome)
