"""A request body on its way from a connection to the application, whatever the protocol."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.listen.bounds import BODY_HELD

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from gateway.listen.reception import App, Message

REASONS = {
    "slow": (408, "slow-body", "The body came too slowly"),
    "malformed": (400, "framing", "The body is malformed"),
    "": (500, "fault", "Internal Server Error"),
}
"""What becomes of a request that the application leaves unanswered, by what it was told in `cause`."""
_log = logging.getLogger("cutover.gateway")


class Intake:
    """The receiving half of one request; the application finds it as `turn` in the scope's state.

    `watch`, where the application has set it, is called once when the client leaves.
    A body that came too slowly or was malformed ends as `http.disconnect` with a `cause`, while an answer can still
    be given.
    """

    __slots__ = (
        "_held",
        "_pieces",
        "_told",
        "_waiter",
        "cause",
        "done",
        "gone",
        "loop",
        "scope",
        "spent",
        "started",
        "taken",
        "watch",
        "whole",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, scope: Message) -> None:
        self.loop = loop
        self.scope = scope
        self.whole = self.gone = self.started = self.done = False
        self.cause = ""
        self.spent = 0.0
        self.taken = 0
        self._pieces: list[bytes] = []
        self._held = 0
        self._told = False
        self._waiter: asyncio.Future[None] | None = None
        self.watch: Callable[[], None] | None = None

    # What the connection says.

    def feed(self, data: bytes) -> None:
        """A piece of the request body has come."""
        self.taken += len(data)
        if not self.done:
            self._pieces.append(data)
            self._held += len(data)
            self.wake()

    def end(self) -> None:
        """The request body is complete."""
        self.whole = True
        self.wake()

    def fail(self, cause: str) -> None:
        """The body will not be complete, but an answer can be given: `slow` or `malformed`."""
        if not self.cause:
            self.cause = cause
            self.wake()

    def leave(self) -> None:
        """The client has gone."""
        self.gone = True
        watch, self.watch = self.watch, None
        if watch is not None:
            watch()
        self.wake()

    @property
    def full(self) -> bool:
        """Whether so much of the body waits that the client should wait, too."""
        return self._held > BODY_HELD

    def lags(self, seconds: float, idle: float, rate: int) -> bool:
        """Whether the body, waited for during `seconds` more, has come too slowly on the whole."""
        self.spent += seconds
        return self.taken < (self.spent - idle) * rate

    # What the application calls.

    async def receive(self) -> Message:
        """See ASGI."""
        while not (self._pieces or self.gone or self.done or self.cause or (self.whole and not self._told)):
            self._waiter = self.loop.create_future()
            await self._waiter
        if self.gone or self.done:
            return {"type": "http.disconnect"}
        if self.cause:
            return {"type": "http.disconnect", "cause": self.cause}
        pieces, self._pieces = self._pieces, []
        held, self._held = self._held, 0
        self._told = self.whole
        self.took(held)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    async def send(self, message: Message) -> None:
        """See ASGI."""
        raise NotImplementedError

    async def answer(self, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        """A whole answer at once; waits while the client does not read."""
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": pairs})
        await self.send({"type": "http.response.body", "body": body})

    async def run(self, app: App) -> None:
        """Let the application answer; whatever it leaves undone is ended so that the client sees it."""
        state = self.scope.setdefault("state", {})
        state["turn"] = self
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:  # noqa: BLE001 - the outermost boundary: one request's fault ends one request
            _log.exception("%s", self.scope["method"])
        finally:
            # They hold each other.
            del state["turn"]
            if not (self.done or self.gone):
                self.abandoned()

    # What the protocol makes of it.

    def took(self, size: int) -> None:
        """So many bytes went to the application."""
        raise NotImplementedError

    def abandoned(self) -> None:
        """The application has ended before its answer did."""
        raise NotImplementedError

    def finish(self) -> None:
        """The answer is complete: nobody wants the rest of the body."""
        self.done = True
        self._pieces, self._held = [], 0
        self.wake()

    def wake(self) -> None:
        """Let `receive` look again."""
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
