"""One request and its answer on an HTTP/1.1 connection, as the ASGI application sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.listen.head import BODYLESS, CONTINUE, closed, problem
from gateway.listen.intake import REASONS, Intake

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from gateway.listen.reception import Message


class Wire(Protocol):
    """The connection, as a turn needs it; `stuck` is there while the client does not read."""

    loop: asyncio.AbstractEventLoop
    stuck: asyncio.Future[None] | None
    extra: tuple[bytes, ...]

    @property
    def last(self) -> bool:
        """Whether the connection ends after this answer."""

    def write(self, data: bytes) -> None:
        """Send."""

    async def room(self) -> None:
        """Return when the client reads again, or is gone."""

    def want(self) -> None:
        """What there was of the body is taken."""

    def refuse(self, status: int, reason: str) -> str:
        """Count an answer that the application never gave; its id."""

    def answered(self, turn: Turn) -> None:
        """The answer is complete."""

    def broken_off(self, *, clean: bool) -> None:
        """The answer ends early; `clean` when its framing shows that without a reset."""


class Turn(Intake):
    """The application's `receive` and `send` for one request."""

    __slots__ = ("_chunked", "_left", "_pending", "_wire", "expects", "keep")

    def __init__(self, wire: Wire, scope: Message, *, keep: bool, expects: bool) -> None:
        super().__init__(wire.loop, scope)
        self.keep = keep
        self.expects = expects
        self._wire = wire
        self._pending = b""
        self._left = 0
        self._chunked = False

    def end(self) -> None:
        """See Intake; nobody waits to be told to continue."""
        self.expects = False
        super().end()

    def fail(self, cause: str) -> None:
        """The connection ends with the answer, since nobody knows where the body would."""
        self.keep = False
        super().fail(cause)

    async def receive(self) -> Message:
        """See ASGI; a client that waits for it is told to continue."""
        if self.expects and not self.started:
            self.expects = False
            if not self.taken:
                self._wire.write(CONTINUE)
        return await super().receive()

    async def send(self, message: Message) -> None:
        """See ASGI; waits while the client does not read."""
        if self._wire.stuck is not None:
            await self._wire.room()
        if self.gone:
            return
        if not self.started:
            self._start(message["status"], message["headers"])
        elif not self.done:
            self._body(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError("the answer is already complete")

    async def answer(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """See Intake; head and body are one write."""
        if self._wire.stuck is not None:
            await self._wire.room()
        if self.gone:
            return
        if self.started:
            raise RuntimeError("the answer has begun")
        length, fields = -1, []
        for given, value in headers:
            name = given.lower()
            if name == "content-length":
                length = int(value)
            elif name == "connection":
                self.keep = self.keep and "close" not in value.lower()
                continue
            elif name == "transfer-encoding":
                continue
            fields.append(f"{name}: {value}\r\n")
        self._open(status, length, "".join(fields).encode("latin-1"), len(fields))
        self._body(body, more=False)

    def took(self, size: int) -> None:
        """See Intake."""
        del size
        self._wire.want()

    def abandoned(self) -> None:
        """Without an end: the client must see that the answer is broken."""
        self.keep = False
        if self.started:
            self._flush()
            self.done = True
            self._wire.broken_off(clean=self._chunked or self._left > 0)
            return
        status, reason, detail = REASONS[self.cause]
        headers, body = problem(status, reason, detail, self._wire.refuse(status, reason))
        self._start(status, headers)
        self._body(body, more=False)

    def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        length, fields = -1, []
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection":
                self.keep = self.keep and b"close" not in value.lower()
                continue
            elif name == b"transfer-encoding":
                continue
            fields.append(b"%b: %b\r\n" % (name, value))
        self._open(status, length, b"".join(fields), len(fields))
        # A whole answer is one write; a stream's head goes out even when its first piece takes a while.
        self.loop.call_soon(self._flush)

    def _open(self, status: int, length: int, block: bytes, lines: int) -> None:
        wire, self._chunked = self._wire, False
        if self.expects or wire.last:
            # Who was not told to continue may send the body or not: nobody could tell it from a next request.
            self.keep = False
        if status in BODYLESS or self.scope["method"] == "HEAD":
            self._left = 0
        elif length >= 0:
            self._left = length
        elif self.scope["http_version"] == "1.1":
            self._chunked = True
            block, lines = block + b"transfer-encoding: chunked\r\n", lines + 1
        else:
            self._left, self.keep = -1, False
        if wire.extra:
            block, lines = block + b"".join(wire.extra), lines + len(wire.extra)
        self._pending = closed(status, block, lines, close=not self.keep)
        self.started = True

    def _flush(self) -> None:
        if self._pending and not self.gone:
            self._wire.write(self._pending)
            self._pending = b""

    def _body(self, body: bytes, *, more: bool) -> None:
        if self.scope["method"] == "HEAD":
            body = b""
        pending, self._pending = self._pending, b""
        if self._chunked:
            last = b"" if more else b"0\r\n\r\n"
            body = b"%b%x\r\n%b\r\n%b" % (pending, len(body), body, last) if body else pending + last
        else:
            if self._left >= 0:
                self._left -= len(body)
                if self._left < 0 or (self._left and not more):
                    raise ValueError("the body is not as long as the answer said")
            body = pending + body if pending else body
        if body:
            self._wire.write(body)
        if not more:
            self.finish()
            self._wire.answered(self)
