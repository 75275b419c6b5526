"""One request and its answer on an HTTP/1.1 connection, as the ASGI application sees them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from gateway.listen.bounds import BODY_HELD
from gateway.listen.head import BODYLESS, CONTINUE, head, problem

if TYPE_CHECKING:
    import asyncio

    from gateway.listen.reception import App, Message

_log = logging.getLogger("cutover.gateway")
_FAULT = ("fault", "Internal Server Error")
_WHY = {
    "slow": (408, "slow-body", "The body came too slowly"),
    "malformed": (400, "framing", "The body is malformed"),
}
"""What becomes of a request whose body fails, by what the application is told in `cause`."""


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

    def want(self) -> None:
        """What there was of the body is taken."""

    def refuse(self, status: int, reason: str) -> str:
        """Count an answer that the application never gave; its id."""

    def answered(self, turn: Turn) -> None:
        """The answer is complete."""

    def broken_off(self, *, clean: bool) -> None:
        """The answer ends early; `clean` when its framing shows that without a reset."""


class Turn:
    """The application's `receive` and `send` for one request.

    A body that came too slowly or was malformed ends as `http.disconnect` with a `cause`, while an answer can still
    be given.
    """

    __slots__ = (
        "_chunked", "_held", "_left", "_pending", "_pieces", "_told", "_waiter", "_wire",
        "cause", "done", "expects", "gone", "keep", "scope", "spent", "started", "taken", "whole",
    )  # fmt: skip

    def __init__(self, wire: Wire, scope: Message, *, keep: bool, expects: bool) -> None:
        self.scope = scope
        self.keep = keep
        self.expects = expects
        self.whole = self.gone = self.started = self.done = False
        self.cause = ""
        self.spent = 0.0
        self.taken = 0
        self._wire = wire
        self._pieces: list[bytes] = []
        self._held = 0
        self._told = False
        self._waiter: asyncio.Future[None] | None = None
        self._pending = b""
        self._left = 0
        self._chunked = False

    async def run(self, app: App) -> None:
        """Let the application answer; whatever it leaves undone ends the connection."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:  # noqa: BLE001 - the outermost boundary: one request's fault ends one connection
            _log.exception("%s", self.scope["method"])
        finally:
            if not self.done:
                self._abandoned()

    # What the connection says.

    def feed(self, data: bytes) -> None:
        """A piece of the request body has come."""
        self.taken += len(data)
        if not self.done:
            self._pieces.append(data)
            self._held += len(data)
            self._wake()

    def end(self) -> None:
        """The request body is complete."""
        self.whole = True
        self._wake()

    def fail(self, cause: str) -> None:
        """The body will not be complete, but an answer can be given: `slow` or `malformed`."""
        if not self.cause:
            self.cause = cause
            self.keep = False
            self._wake()

    def leave(self) -> None:
        """The client has gone."""
        self.gone = True
        self._wake()

    @property
    def full(self) -> bool:
        """Whether so much of the body waits that the client should wait, too."""
        return self._held > BODY_HELD

    # What the application calls.

    async def receive(self) -> Message:
        """See ASGI."""
        if self.expects and not self.started:
            self.expects = False
            self._wire.write(CONTINUE)
        while not (self._pieces or self.gone or self.done or self.cause or (self.whole and not self._told)):
            self._waiter = self._wire.loop.create_future()
            await self._waiter
        if self.gone or self.done:
            return {"type": "http.disconnect"}
        if self.cause:
            return {"type": "http.disconnect", "cause": self.cause}
        pieces, self._pieces, self._held = self._pieces, [], 0
        self._told = self.whole
        self._wire.want()
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    async def send(self, message: Message) -> None:
        """See ASGI; waits while the client does not read."""
        wire = self._wire
        if wire.stuck is not None and not self.gone:
            await wire.stuck
        if self.gone:
            return
        if not self.started:
            self._start(message["status"], message["headers"])
        elif not self.done:
            self._body(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError("the answer is already complete")

    # Within.

    def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        wire, length, fields = self._wire, -1, []
        self._chunked = False
        for name, value in headers:
            if name == b"content-length":
                length = int(value)
            elif name == b"connection":
                self.keep = self.keep and b"close" not in value.lower()
                continue
            elif name == b"transfer-encoding":
                continue
            fields.append(b"%b: %b\r\n" % (name, value))
        if self.expects or wire.last:
            # Who was not told to continue may send the body or not: nobody could tell it from a next request.
            self.keep = False
        if status in BODYLESS or self.scope["method"] == "HEAD":
            self._left = 0
        elif length >= 0:
            self._left = length
        elif self.scope["http_version"] == "1.1":
            self._chunked = True
            fields.append(b"transfer-encoding: chunked\r\n")
        else:
            self._left, self.keep = -1, False
        if wire.extra:
            fields.extend(wire.extra)
        self._pending = head(status, fields, close=not self.keep)
        self.started = True
        # A whole answer is one write; a stream's head goes out even when its first piece takes a while.
        wire.loop.call_soon(self._flush)

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
            self.done = True
            self._pieces, self._held = [], 0
            self._wake()
            self._wire.answered(self)

    def _abandoned(self) -> None:
        # Without an end: the client must see that the answer is broken.
        if self.gone:
            return
        self.keep = False
        if self.started:
            self._flush()
            self.done = True
            self._wire.broken_off(clean=self._chunked or self._left > 0)
            return
        status, reason, detail = _WHY.get(self.cause, (500, *_FAULT))
        wire = self._wire
        headers, body = problem(status, reason, detail, wire.refuse(status, reason))
        self._start(status, headers)
        self._body(body, more=False)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
