"""The sending half of a connection to a service: together with others, and never faster than it is taken."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.transport.deadlines import Deadlines
    from gateway.transport.errors import TransportError

HIGH = 1 << 18
"""Bytes that may wait in either direction."""


class Sending(asyncio.Protocol):
    """What is sent on a connection; `deadline` is a time of the event loop until which somebody waits."""

    def __init__(self, deadlines: Deadlines, batch: Batch) -> None:
        self.deadline = 0.0
        self._loop = asyncio.get_running_loop()
        self._deadlines = deadlines
        self._batch = batch
        self._outgoing = b""
        self._transport: asyncio.Transport | None = None
        self._failure: TransportError | None = None
        self._sent = self._closed = self._paused_writing = False
        self._seconds = 0.0
        self._writable: asyncio.Future[None] | None = None

    async def write(self, data: bytes, seconds: float) -> None:
        """Send; waits while the service does not take it.

        Raises:
            TransportError: the connection ended, or nothing could be sent for `seconds`.
        """
        if not self.put(data):
            await self.taken(seconds)

    async def taken(self, seconds: float) -> None:
        """Return when the service takes more.

        Raises:
            TransportError: the connection ended, or the service took nothing for `seconds`.
        """
        self._writable = self._loop.create_future()
        self._until(seconds)
        try:
            await self._writable
        finally:
            self._deadlines.discard(self)

    def put(self, data: bytes) -> bool:
        """Send; whether more may follow at once, without waiting for the service to take this.

        Raises:
            TransportError: the connection ended.
        """
        if self._closed or self._transport is None:
            raise self.fault()
        if self._outgoing:
            self._outgoing += data
        else:
            self._outgoing = data
            self._batch.add(self)
        return not self._paused_writing and len(self._outgoing) < HIGH

    def send_now(self) -> None:
        """See Batch."""
        data, self._outgoing = self._outgoing, b""
        if data and not self._closed and self._transport is not None:
            self._sent = True
            self._transport.write(data)
        if self._writable is not None and not self._paused_writing and not self._writable.done():
            self._writable.set_result(None)

    def pause_writing(self) -> None:
        """See asyncio."""
        self._paused_writing = True

    def resume_writing(self) -> None:
        """See asyncio."""
        self._paused_writing = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    def _until(self, seconds: float) -> None:
        self._seconds = seconds
        self.deadline = self._loop.time() + seconds
        self._deadlines.add(self)

    def expire(self) -> None:
        """The deadline has passed."""
        raise NotImplementedError

    def fault(self) -> TransportError:
        """What whoever uses a connection that has failed or ended gets to see; never the same object twice."""
        return self.broken() if self._failure is None else self._failure.again()

    def broken(self) -> TransportError:
        """What there is to say of a connection that has ended."""
        raise NotImplementedError
