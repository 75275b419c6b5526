"""A request as it arrives: its head at once, its body as a stream that is counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from gateway.core.exchange import Request, header
from gateway.core.recall import recalled
from gateway.problem import BadRequest, TooLarge, TooSlow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.core.exchange import Headers

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


SMALL = 1 << 16
HELD = 1 << 20
"""Bytes of a body that a parameter moves in or out of: it is held and parsed, while everybody else waits."""


@recalled
def _framed(headers: Headers) -> tuple[int | None, bool]:
    length = header(headers, "content-length")
    more = length not in {None, "0"} or header(headers, "transfer-encoding") is not None
    return int(length) if length is not None and length.isdigit() else None, more


@recalled
def _text(headers: tuple[tuple[bytes, bytes], ...]) -> Headers:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


class ClientGone(Exception):  # noqa: N818 - an event, and nobody is left to be told of an error
    """The client closed its connection before the answer was complete."""


class Turn(Protocol):
    """What our own listener offers beyond ASGI: who leaves is told without being asked, answers go out at once."""

    gone: bool
    watch: Callable[[], None] | None

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer; waits while the client does not read."""


class Body:
    """A request body under a limit.

    `length` is what Content-Length declares, None for chunked bodies. `turn` is there where our own listener is.
    """

    def __init__(self, receive: Receive, headers: Headers, limit: int) -> None:
        self.length, self._more = _framed(headers)
        self._receive = receive
        self._limit = limit
        self._taken = 0
        self.turn: Turn | None = None
        self._idle: asyncio.Event | None = None
        self._released = False

    def check(self) -> None:
        """Refuse a declared length over the limit before a byte of it is read.

        Raises:
            TooLarge: the declared length exceeds the limit.
        """
        if self.length is not None and self.length > self._limit:
            raise TooLarge(f"The body is longer than {self._limit} bytes", reason="body")

    @property
    def small(self) -> bool:
        """Whether the body is known to be so short that it is better held than streamed."""
        return self.length is not None and self.length <= SMALL

    @property
    def received(self) -> int:
        """Bytes that were taken."""
        return self._taken

    @property
    def taken(self) -> bool:
        """Whether nothing of the body is left to take."""
        return not self._more

    async def take(self) -> bytes:
        """The next piece of the body, empty at its end.

        Raises:
            TooLarge: more came than the limit allows.
            BadRequest: it ended before its declared length.
            TooSlow: the listener has waited for long enough.
            ClientGone: the client left in the middle.
        """
        while self._more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _ended(message.get("cause"))
            self._more = message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self._taken += len(chunk)
            if self._taken > self._limit:
                raise TooLarge(f"The body is longer than {self._limit} bytes", reason="body")
            if not self._more and self.length not in {None, self._taken}:
                # A service told the declared length would take the next request for the rest of this one.
                raise BadRequest("The body is not as long as Content-Length says", reason="framing")
            if chunk:
                return chunk
        return b""

    async def read(self, limit: int | None = None) -> bytes:
        """The whole body, of `limit` bytes at most where one is given; raises as `take` does."""
        self._limit = min(self._limit, self._limit if limit is None else limit)
        self.check()
        pieces = []
        while piece := await self.take():
            pieces.append(piece)
        return b"".join(pieces)

    def release(self) -> None:
        """Nobody takes from the body any more, so `gone` may."""
        self._released = True
        if self._idle is not None:
            self._idle.set()

    async def gone(self) -> None:
        """Return when the client has left; reads what it still sends after the body was given up."""
        if self._more and not self._released:
            self._idle = asyncio.Event()
            await self._idle.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _ended(cause: str | None) -> Exception:
    """What it means that no more of a body comes: the listener names a `cause` when an answer can still be given."""
    if cause == "malformed":
        return BadRequest("The body is malformed", reason="framing", headers=(("connection", "close"),))
    return TooSlow("The body comes too slowly") if cause == "slow" else ClientGone()


def request_of(scope: Scope) -> Request:
    """The request head of an ASGI scope; the target as it stood on the wire where the server tells it."""
    client = scope.get("client")
    state = scope.get("state", {})
    known = state.get("head")
    if known is not None:
        return Request(scope["method"], known.text, known.headers, b"", client[0] if client else "")
    raw = state.get("target")
    if raw is None:
        raw = scope.get("raw_path") or scope["path"].encode()
        raw = raw.partition(b"?")[0]
        if scope.get("query_string"):
            raw = raw + b"?" + scope["query_string"]
    return Request(
        scope.get("method", "GET"),
        raw.decode("utf-8", "surrogateescape"),
        _text(tuple(scope["headers"])),
        b"",
        client[0] if client else "",
    )
