"""One request and its answer on an HTTP/2 stream, as the ASGI application sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from h2.errors import ErrorCodes

from gateway.listen.head import BODYLESS, problem
from gateway.listen.intake import REASONS, Intake

if TYPE_CHECKING:
    import asyncio

    from gateway.listen.reception import Message

    Pairs = list[tuple[bytes, bytes]]

_HOPS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
"""Headers that HTTP/2 does not know (RFC 9113 §8.2.2)."""


class Frames(Protocol):
    """The connection, as a stream needs it."""

    loop: asyncio.AbstractEventLoop
    stuck: asyncio.Future[None] | None
    extra: tuple[tuple[bytes, bytes], ...]

    async def room(self) -> None:
        """Return when the client reads again, or is gone."""

    def head(self, stream: Stream, headers: Pairs, *, last: bool) -> None:
        """Send a head."""

    def data(self, stream: Stream, data: bytes | memoryview, *, last: bool) -> int:
        """Send as much as the client's windows allow; how much that was."""

    def flush(self) -> None:
        """Let the frames go."""

    def took(self, stream: Stream, size: int) -> None:
        """So much of the body is taken: the client may send as much again."""

    def reset(self, stream: Stream, code: ErrorCodes) -> None:
        """End the stream early."""

    def refuse(self, status: int, reason: str) -> str:
        """Count an answer that the application never gave; its id."""

    def answered(self, stream: Stream) -> None:
        """The answer is complete."""


class Stream(Intake):
    """The application's `receive` and `send` for one request; `starved` while the client opens no window for it."""

    __slots__ = ("_frames", "_head", "_opened", "_sent", "expects", "id", "starved")

    def __init__(self, frames: Frames, identity: int, scope: Message, *, expects: bool) -> None:
        super().__init__(frames.loop, scope)
        self.id = identity
        self.expects = expects
        self.starved = 0.0
        self._frames = frames
        self._head: Pairs | None = None
        self._sent = False
        self._opened: asyncio.Future[None] | None = None

    def leave(self) -> None:
        """See Intake."""
        super().leave()
        self._give_back()
        self.opened()

    def finish(self) -> None:
        """See Intake."""
        self._give_back()
        super().finish()

    def _give_back(self) -> None:
        # What nobody takes would shrink the window that all streams share, until none can send.
        held, self._held, self._pieces = self._held, 0, []
        if held:
            self._frames.took(self, held)

    def opened(self) -> None:
        """The client has opened a window."""
        opened, self._opened = self._opened, None
        if opened is not None and not opened.done():
            opened.set_result(None)

    @property
    def waits(self) -> bool:
        """Whether the answer waits for a window."""
        return self._opened is not None

    async def receive(self) -> Message:
        """See ASGI; a client that waits for it is told to continue."""
        if self.expects and not self.started and not self.gone:
            self.expects = False
            self._frames.head(self, [(b":status", b"100")], last=False)
            self._frames.flush()
        return await super().receive()

    async def send(self, message: Message) -> None:
        """See ASGI; waits for the client's windows."""
        if self._frames.stuck is not None:
            await self._frames.room()
        if self.gone:
            return
        if not self.started:
            self._start(message["status"], message["headers"])
        elif not self.done:
            await self._body(message.get("body", b""), more=message.get("more_body", False))
        else:
            raise RuntimeError("the answer is already complete")

    def took(self, size: int) -> None:
        """See Intake."""
        self._frames.took(self, size)

    def abandoned(self) -> None:
        """The client sees a reset, or a fault where nothing was sent yet."""
        if self.started and self._sent:
            self.finish()
            self._frames.reset(self, ErrorCodes.INTERNAL_ERROR)
            return
        status, reason, detail = REASONS[self.cause]
        headers, body = problem(status, reason, detail, self._frames.refuse(status, reason))
        self._start(status, headers)
        self._flush(last=False)
        # A problem is shorter than the smallest window that is left in practice; where not, the reset says enough.
        whole = self._frames.data(self, body, last=True) == len(body)
        self._frames.flush()
        self._complete() if whole else self._frames.reset(self, ErrorCodes.INTERNAL_ERROR)

    def _start(self, status: int, headers: Pairs) -> None:
        fields = [pair for pair in headers if pair[0] not in _HOPS]
        for name, value in fields:
            if b"\n" in value or b"\r" in value or b"\0" in value or b"\n" in name:
                raise ValueError("a header holds a line end")
        self._head = [(b":status", b"%d" % status), *fields, *self._frames.extra]
        self.started = True
        self.loop.call_soon(self._go)

    def _go(self) -> None:
        if self._head is not None and not self.gone:
            self._flush(last=False)
            self._frames.flush()

    def _flush(self, *, last: bool) -> None:
        head, self._head = self._head, None
        if head is not None:
            self._sent = True
            self._frames.head(self, head, last=last)

    @property
    def _bodyless(self) -> bool:
        return self.scope["method"] == "HEAD" or (self._head is not None and int(self._head[0][1]) in BODYLESS)

    async def _body(self, body: bytes, *, more: bool) -> None:
        bodyless = self._bodyless or not (body or more)
        if self._head is not None:
            self._flush(last=bodyless and not more)
            if bodyless and not more:
                self._complete()
                self._frames.flush()
                return
        if self.scope["method"] == "HEAD":
            body = b""
        await self._pour(body, last=not more)
        if not more and not self.gone:
            self._complete()

    async def _pour(self, body: bytes, *, last: bool) -> None:
        view = memoryview(body)
        while True:
            sent = self._frames.data(self, view, last=last)
            self._frames.flush()
            view = view[sent:]
            if not view or self.gone:
                return
            await self._window()

    async def _window(self) -> None:
        self._opened = self.loop.create_future()
        await self._opened
        if self._frames.stuck is not None:
            await self._frames.room()

    def _complete(self) -> None:
        self.finish()
        self._frames.answered(self)
