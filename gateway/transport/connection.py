"""One connection to a service: an asyncio protocol around the reading of responses."""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, cast

from gateway.batch import Batch
from gateway.transport.deadlines import Deadlines
from gateway.transport.errors import Broken, Silent
from gateway.transport.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.transport.reading import Head

_HIGH = 1 << 18


class Connection(asyncio.Protocol):
    """One request at a time: `start`, `write` it, `head`, then `read` until empty.

    Everything that goes wrong surfaces from these as a TransportError. `on_idle_end` is called when the connection
    ends while nobody uses it.
    """

    def __init__(
        self,
        on_idle_end: Callable[[Connection], None],
        deadlines: Deadlines | None = None,
        batch: Batch | None = None,
    ) -> None:
        self.idle_since = 0.0
        self.deadline = 0.0
        self.used = 0
        self.in_use = True
        self._loop = asyncio.get_running_loop()
        self._deadlines = deadlines or Deadlines()
        self._batch = batch or Batch()
        self._outgoing = b""
        self._on_idle_end = on_idle_end
        self._transport: asyncio.Transport | None = None
        self._poll = select.poll()
        self._reading = Reading(bodyless=False)
        self._failure: Exception | None = None
        self._sent = self._spoiled = self._closed = False
        self._paused_reading = self._paused_writing = False
        self._told: Callable[[], None] | None = None
        self._seconds = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether it is closed, by us or by the service."""
        return self._closed

    # What a caller does.

    def start(self, *, bodyless: bool) -> None:
        """Take the connection for a new request; `bodyless` when its answer never has a body (HEAD)."""
        self._reading.begin(bodyless=bodyless)
        self._failure = None
        self._sent = self._spoiled = False
        self.in_use = True
        self.used += 1

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
            raise self._failure or self._broken()
        if self._outgoing:
            self._outgoing += data
        else:
            self._outgoing = data
            self._batch.add(self)
        return not self._paused_writing and len(self._outgoing) < _HIGH

    def send_now(self) -> None:
        """See Batch."""
        data, self._outgoing = self._outgoing, b""
        if data and not self._closed and self._transport is not None:
            self._sent = True
            self._transport.write(data)
        if self._writable is not None and not self._paused_writing and not self._writable.done():
            self._writable.set_result(None)

    async def head(self, seconds: float) -> Head:
        """The response head; informational responses are skipped.

        Raises:
            TransportError: it did not come, was not whole within `seconds`, or was no HTTP.
        """
        reading = self._reading
        self._until(seconds)
        try:
            while reading.head is None:
                await self._more()
                # A piece that came in the turn of the deadline ended this wait, so that `expire` found none to end.
                if reading.head is None and self._loop.time() >= self.deadline:
                    raise self._silent()
        finally:
            self._deadlines.discard(self)
        return reading.head

    async def read(self, seconds: float) -> bytes:
        """What has arrived of the body since the last call, empty at its end.

        Raises:
            TransportError: the body broke off or nothing came for `seconds`.
        """
        try:
            while not self._reading.buffered:
                if self._reading.complete:
                    return b""
                self._until(seconds)
                await self._more()
        finally:
            self._deadlines.discard(self)
        data = self._reading.take()
        if self._paused_reading and self._transport is not None and not self._closed:
            self._paused_reading = False
            self._transport.resume_reading()
        return data

    def whole(self) -> bytes | None:
        """The body, if all of it has arrived."""
        return self._reading.take() if self._reading.complete else None

    def when_answered(self, told: Callable[[], None] | None) -> None:
        """Call this once when the response head arrives, at once where it is there; None calls nobody."""
        self._told = told
        self._tell()

    @property
    def answered(self) -> bool:
        """Whether the response head has arrived, perhaps before the request was sent whole."""
        return self._reading.head is not None

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent."""
        return self._reading.reusable and not self._spoiled and not self._closed

    def spoil(self) -> None:
        """Never use the connection again once this response is complete, since the request was not sent whole."""
        self._spoiled = True

    def open(self) -> bool:
        """Whether the idle connection is verifiably open: neither closing nor holding an unread end or stray byte."""
        if self._closed or self._transport is None or self._transport.is_closing():
            return False
        return not self._poll.poll(0)

    def fail(self, error: Exception) -> None:
        """Make whoever waits for this response see `error`; the connection is given up."""
        if self._failure is None and not self._reading.complete:
            self._failure = error
        self.close()
        self._wake()

    def close(self) -> None:
        """Give the connection up at once."""
        self._closed = True
        self._reading.drop()
        if self._transport is not None:
            self._transport.abort()

    def expire(self) -> None:
        """The deadline has passed: whoever waits sees that the service is silent."""
        for future in (self._waiter, self._writable):
            if future is not None and not future.done():
                future.set_exception(self._silent())

    # What the event loop does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if not self.in_use:
            # Nobody asked: whatever it is, it must not become the answer to the next request.
            self._ended()
            return
        try:
            self._reading.feed(data)
        except Broken as error:
            self.fail(error)
        if self._reading.buffered > _HIGH and not self._paused_reading and self._transport is not None:
            self._paused_reading = True
            self._transport.pause_reading()
        if self._told is not None:
            self._tell()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def eof_received(self) -> bool:
        """See asyncio."""
        self._reading.end()
        self._ended()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        self._ended()

    def pause_writing(self) -> None:
        """See asyncio."""
        self._paused_writing = True

    def resume_writing(self) -> None:
        """See asyncio."""
        self._paused_writing = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # Within.

    def _tell(self) -> None:
        if self._told is not None and self._reading.head is not None:
            self._told()
            self._told = None

    def _ended(self) -> None:
        self.close()
        if not self.in_use:
            self._on_idle_end(self)
            return
        if not self._reading.complete and self._failure is None:
            self._failure = self._broken()
        self._wake()

    def _silent(self) -> Silent:
        return Silent(f"nothing came for {self._seconds:g} s", sent=True)

    def _broken(self) -> Broken:
        stale = self.used > 1 and not self._reading.heard
        where = "in the middle of its answer" if self.answered else "before answering"
        return Broken(f"the service closed the connection {where}", sent=self._sent, stale=stale)

    def _until(self, seconds: float) -> None:
        self._seconds = seconds
        self.deadline = self._loop.time() + seconds
        self._deadlines.add(self)

    def _more(self) -> asyncio.Future[None]:
        if self._failure is not None or self._closed:
            raise self._failure or self._broken()
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        for future in (self._waiter, self._writable):
            if future is not None and not future.done():
                future.set_result(None)
