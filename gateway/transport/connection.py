"""One connection to a service: an asyncio protocol around the reading of responses."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Protocol, cast

from gateway.batch import Batch, shared
from gateway.transport.deadlines import Deadlines
from gateway.transport.errors import Broken, Silent
from gateway.transport.reading import Reading
from gateway.transport.sending import HIGH, Sending

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gateway.transport.errors import TransportError
    from gateway.transport.heads import Head, Heads


class Listener(Protocol):
    """Somebody who waits for an answer without a coroutine."""

    def heard(self) -> None:
        """The response head is here, or it will not come; see `Connection.listen`."""
        ...


class Connection(Sending):
    """One request at a time: `start`, `write` it, `head`, then `read` until empty.

    Everything that goes wrong surfaces from these as a TransportError. `on_idle_end` is called when the connection
    ends while nobody uses it.
    """

    def __init__(
        self,
        on_idle_end: Callable[[Connection], None],
        deadlines: Deadlines | None = None,
        batch: Batch | None = None,
        heads: Heads | None = None,
    ) -> None:
        super().__init__(deadlines or Deadlines(), batch or shared())
        self.idle_since = 0.0
        self.used = 0
        self.in_use = True
        self._on_idle_end = on_idle_end
        self._poll = select.poll()
        self._reading = Reading(bodyless=False, known=heads)
        self._listener: Listener | None = None
        self._spoiled = self._paused_reading = False
        self._told: Callable[[], None] | None = None
        self._waiter: asyncio.Future[None] | None = None

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

    def listen(self, listener: Listener, seconds: float) -> None:
        """Let this one hear, once, when the head is there or `failure` says why it is not, within `seconds`."""
        self._listener = listener
        self._until(seconds)

    def unheard(self) -> None:
        """Nobody listens any more."""
        self._listener = None
        self._deadlines.discard(self)

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
    def answer(self) -> Head | None:
        """The response head, as soon as it has arrived."""
        return self._reading.head

    @property
    def failure(self) -> TransportError | None:
        """Why there will be no more of the response."""
        return self.fault() if self._failure is not None or self._closed else None

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

    def fail(self, error: TransportError) -> None:
        """Make whoever waits for this response see `error`; the connection is given up."""
        if self._failure is None and not self._reading.complete:
            self._failure = error.again()
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
        if self._listener is not None:
            self._failure = self._silent()
            self._tell_listener()
            return
        for future in (self._waiter, self._writable):
            if future is not None and not future.done():
                future.set_exception(self._silent())
        self._waiter = self._writable = None

    # What the event loop does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if not (self.in_use and self._sent):
            # Nobody has asked yet: whatever it is, it must not become the answer to the next request.
            self._ended()
            return
        try:
            self._reading.feed(data)
        except Broken as error:
            self.fail(error)
        if self._reading.buffered > HIGH and not self._paused_reading and self._transport is not None:
            self._paused_reading = True
            self._transport.pause_reading()
        if self._told is not None:
            self._tell()
        if self._listener is not None:
            if self._reading.head is not None:
                listener, self._listener = self._listener, None
                self._deadlines.discard(self)
                listener.heard()
        elif self._waiter is not None and not self._waiter.done():
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

    # Within.

    def _tell(self) -> None:
        if self._told is not None and self._reading.head is not None:
            self._told()
            self._told = None

    def _tell_listener(self) -> None:
        listener = self._listener
        if listener is not None:
            self._listener = None
            self._deadlines.discard(self)
            listener.heard()

    def _ended(self) -> None:
        self.close()
        if not self.in_use:
            self._on_idle_end(self)
            return
        if not self._reading.complete and self._failure is None:
            self._failure = self.broken()
        self._wake()

    def _silent(self) -> Silent:
        return Silent(f"nothing came for {self._seconds:g} s", sent=True)

    def broken(self) -> Broken:
        """See Sending."""
        stale = self.used > 1 and not self._reading.heard
        where = "in the middle of its answer" if self.answered else "before answering"
        return Broken(f"the service closed the connection {where}", sent=self._sent, stale=stale)

    def _more(self) -> asyncio.Future[None]:
        if self._failure is not None or self._closed:
            raise self.fault()
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        self._tell_listener()
        for future in (self._waiter, self._writable):
            if future is not None and not future.done():
                future.set_result(None)
