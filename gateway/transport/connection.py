"""One connection to a service: an asyncio protocol over httptools' response parser."""

from __future__ import annotations

import asyncio
import select
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import httptools

from gateway.transport.errors import Broken, Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Headers

_HIGH = 1 << 18
_LOW = 1 << 16
_HEAD_LIMIT = 1 << 18
_INFORMAL = 200
_LAST_STATUS = 599


@dataclass(frozen=True, slots=True)
class Head:
    """Status and headers of a response, latin-1 decoded, in wire order with duplicates."""

    status: int
    headers: Headers


class Connection(asyncio.Protocol):
    """One request at a time: `write` it, `head`, then `read` until empty.

    Everything that goes wrong surfaces from these three as a TransportError. `on_idle_end` is called when the
    connection ends while nobody uses it.
    """

    def __init__(self, on_idle_end: Callable[[Connection], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_idle_end = on_idle_end
        self._transport: asyncio.Transport | None = None
        self._writable: asyncio.Future[None] | None = None
        self._paused_writing = False
        self._waiter: asyncio.Future[None] | None = None
        self.idle_since = 0.0
        self.used = 0
        self.in_use = True
        self._closed = False
        self._parser = httptools.HttpResponseParser(self)
        self._begin(bodyless=False)

    def _begin(self, *, bodyless: bool) -> None:
        self._bodyless = bodyless
        self._pairs: list[tuple[str, str]] = []
        self._size = 0
        self._head: Head | None = None
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._paused_reading = False
        self._complete = False
        self._framed = False
        self._keep = False
        self._heard = False
        self._sent = False
        self._spoiled = False
        self._failure: Exception | None = None

    # What a caller does.

    def start(self, *, bodyless: bool) -> None:
        """Take the connection for a new request; `bodyless` when its answer never has a body (HEAD)."""
        self._begin(bodyless=bodyless)
        self.in_use = True
        self.used += 1

    async def write(self, data: bytes, seconds: float) -> None:
        """Send; waits while the service does not take it.

        Raises:
            TransportError: the connection ended, or nothing could be sent for `seconds`.
        """
        if self._failure is not None or self._closed or self._transport is None:
            raise self._why()
        self._sent = True
        self._transport.write(data)
        if self._paused_writing:
            self._writable = self._loop.create_future()
            await self._limited(self._writable, seconds)

    async def head(self, seconds: float) -> Head:
        """The response head; informational responses are skipped.

        Raises:
            TransportError: it did not come, not in `seconds`, or was no HTTP.
        """
        while self._head is None:
            await self._wait(seconds)
        return self._head

    async def read(self, seconds: float) -> bytes:
        """What has arrived of the body since the last call, empty at its end.

        Raises:
            TransportError: the body broke off or nothing came for `seconds`.
        """
        while not self._chunks:
            if self._complete:
                return b""
            await self._wait(seconds)
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._buffered = 0
        if self._paused_reading and self._transport is not None and not self._closed:
            self._paused_reading = False
            self._transport.resume_reading()
        return data

    @property
    def answered(self) -> bool:
        """Whether the response head has arrived, perhaps before the request was sent whole."""
        return self._head is not None

    @property
    def reusable(self) -> bool:
        """Whether another request may be sent: complete, kept alive, nothing left over.

        A service that failed may close without saying so, hence never after a 5xx.
        """
        head = self._head
        return (
            self._complete
            and self._keep
            and not self._closed
            and not self._chunks
            and not self._bodyless
            and not self._spoiled
            and head is not None
            and head.status < 500  # noqa: PLR2004 - the class of server errors
        )

    def spoil(self) -> None:
        """Never use the connection again once this response is complete, since the request was not sent whole."""
        self._spoiled = True

    def open(self) -> bool:
        """Whether the idle connection is verifiably open: neither closing nor holding an unread end or stray byte."""
        if self._closed or self._transport is None or self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def fail(self, error: Exception) -> None:
        """Make whoever waits for this response see `error`; the connection is given up."""
        if self._failure is None and not self._complete:
            self._failure = error
        self.close()
        self._wake()

    def close(self) -> None:
        """Give the connection up at once."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    # What the event loop does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if not self.in_use or self._complete:
            self._keep = False
            self._ended()
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False
            self.fail(Broken(f"no valid HTTP response: {error}"))
        self._wake()

    def eof_received(self) -> bool:
        """See asyncio."""
        if self._head is not None and not self._framed:
            self._complete = True
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

    def on_message_begin(self) -> None:
        """See httptools."""
        if self._complete:
            self._spoiled = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._size += len(name) + len(value)
        if self._size > _HEAD_LIMIT:
            raise ValueError("the response head is too large")
        if self._head is None:
            self._pairs.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """See httptools."""
        status = self._parser.get_status_code()
        if status < _INFORMAL:
            if status == 101:  # noqa: PLR2004 - we never ask to switch protocols
                raise ValueError("the service switched protocols unasked")
            return
        if status > _LAST_STATUS:
            raise ValueError(f"status {status} is out of range")
        names = {name.lower() for name, _ in self._pairs}
        self._framed = bool(names & {"content-length", "transfer-encoding"}) or status in {204, 304}
        self._keep = self._parser.should_keep_alive()
        self._head = Head(status, tuple(self._pairs))
        if self._bodyless:
            self._complete = True

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        if self._bodyless:
            return
        self._chunks.append(body)
        self._buffered += len(body)
        if self._buffered > _HIGH and not self._paused_reading and self._transport is not None:
            self._paused_reading = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._head is None:
            self._pairs = []
        else:
            self._complete = True

    # Within.

    def _ended(self) -> None:
        self.close()
        if not self.in_use:
            self._on_idle_end(self)
            return
        if not self._complete and self._failure is None:
            self._failure = self._why()
        self._wake()

    def _why(self) -> Exception:
        if self._failure is not None:
            return self._failure
        stale = self.used > 1 and not self._heard
        where = "before answering" if self._head is None else "in the middle of its answer"
        return Broken(f"the service closed the connection {where}", sent=self._sent, stale=stale)

    async def _wait(self, seconds: float) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise self._why()
        self._waiter = self._loop.create_future()
        try:
            await self._limited(self._waiter, seconds)
        finally:
            self._waiter = None

    async def _limited(self, future: asyncio.Future[None], seconds: float) -> None:
        timer = self._loop.call_later(seconds, _expire, future, seconds)
        try:
            await future
        finally:
            timer.cancel()

    def _wake(self) -> None:
        for future in (self._waiter, self._writable):
            if future is not None and not future.done():
                future.set_result(None)


def _expire(future: asyncio.Future[None], seconds: float) -> None:
    if not future.done():
        future.set_exception(Silent(f"nothing came for {seconds:g} s", sent=True))
