"""What the connections of one listener share: the application, its running tasks, limits, one clock for all."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from gateway.batch import shared
from gateway.listen.heads import Heads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, MutableMapping

    from gateway.listen.bounds import Bounds

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]
    Refused = Callable[[int, str, str, str], None]

_log = logging.getLogger("cutover.gateway")


class Connection(Protocol):
    """One client's connection, as the reception sees it."""

    def tick(self, seconds: float) -> None:
        """So much time has passed: give up whatever lasts too long."""

    def dismiss(self, *, last_call: bool) -> None:
        """Take nothing new; end when nothing is left to do. With `last_call`, a request on its way still counts."""

    def cut(self) -> None:
        """End at once."""


class Reception:
    """Shared by all connections of a listener.

    `bounds` gives the limits of this moment. `refused` hears of every refusal that the application never sees:
    status, reason, client address, request id. `arriving` are accepted and not yet connections, as during a TLS
    handshake. `extra` are header lines that every answer over TLS carries. `passing` counts the requests that
    shortcuts answer now, which have no task.
    """

    __slots__ = (
        "_ticking",
        "app",
        "arriving",
        "batch",
        "bounds",
        "connections",
        "draining",
        "extra",
        "heads",
        "loop",
        "passing",
        "refused",
        "tasks",
    )

    def __init__(
        self, app: App, bounds: Callable[[], Bounds], refused: Refused, extra: tuple[bytes, ...] = ()
    ) -> None:
        self.app = app
        self.bounds = bounds
        self.refused = refused
        self.extra = extra
        self.loop = asyncio.get_running_loop()
        self.connections: set[Connection] = set()
        self.arriving: WeakSet[asyncio.BaseProtocol] = WeakSet()
        self.tasks: set[asyncio.Task[None]] = set()
        self.passing = 0
        self.draining = False
        self.batch = shared()
        self.heads = Heads()
        self._ticking: asyncio.TimerHandle | None = None
        self._tick()

    @property
    def empty(self) -> bool:
        """Whether nobody is there and nothing runs."""
        return not (self.tasks or self.connections or self.arriving)

    @property
    def full(self) -> bool:
        """Whether one more connection is too many."""
        return len(self.connections) > self.bounds().connections

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run the application's part for one request; its first steps at once, since most need no more."""
        task = asyncio.Task(work, loop=self.loop, eager_start=True)
        if not task.done():
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def refuse(self, status: int, reason: str, client: str) -> str:
        """Count a refusal; the id under which it stands in the log."""
        identity = str(uuid.uuid4())
        self.refused(status, reason, client, identity)
        return identity

    def close(self) -> None:
        """Stop the clock."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def _tick(self) -> None:
        # One timer for all: a timer for each request would cost more than reading its head.
        seconds = self.bounds().tick
        self._ticking = self.loop.call_later(seconds, self._tick)
        for connection in list(self.connections):
            connection.tick(seconds)
