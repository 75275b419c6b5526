"""How long one client is borne with on a connection of HTTP/1.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.listen.flow import Flow

if TYPE_CHECKING:
    import asyncio

    from gateway.listen.bounds import Bounds


class Occupant(Protocol):
    """The request that is being answered; see Intake."""

    @property
    def done(self) -> bool:
        """Whether its answer is complete."""

    @property
    def whole(self) -> bool:
        """Whether its body is."""

    @property
    def expects(self) -> bool:
        """Whether the client waits to be told to continue."""

    @property
    def cause(self) -> str:
        """Why its body will not be complete."""

    def leave(self) -> None:
        """The client has gone."""

    def lags(self, seconds: float, idle: float, rate: int) -> bool:
        """Whether the body has come too slowly."""

    def fail(self, cause: str) -> None:
        """The body will not be complete."""


class Patience(Flow):
    """A connection on which heads, bodies, answers and rests may take their time, and no more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, bounds: Bounds) -> None:
        super().__init__(loop)
        self._bounds = bounds
        self._turn: Occupant | None = None
        self._in_head = self._deaf = self._ending = False
        self._unread = self._count = 0
        self._age = 0.0

    def tick(self, seconds: float) -> None:
        """See Connection."""
        self._age += seconds
        bounds, turn = self._bounds, self._turn
        if self._ending:
            if self._age > bounds.linger:
                self.transport.abort()
        elif self.stuck is not None:
            self._tick_stuck()
        elif turn is None:
            started = self._in_head or not self._count
            if self._age > (bounds.head_seconds if started else bounds.keep_alive):
                self._give_up(started=started)
        elif turn.done:
            if self._age > bounds.idle:
                self.transport.abort()
        elif self._waits_for(turn) and (turn.lags(seconds, bounds.idle, bounds.rate) or self._age > bounds.idle):
            self._deaf = True
            turn.fail("slow")

    def refuse(self, status: int, reason: str) -> str:
        """Count an answer that the application never gave; its id."""
        raise NotImplementedError

    def cut(self) -> None:
        """End at once."""
        raise NotImplementedError

    def finish(self) -> None:
        """End when what was written has gone out."""
        raise NotImplementedError

    def _waits_for(self, turn: Occupant) -> bool:
        return not (turn.whole or self.held or turn.expects or turn.cause)

    def _give_up(self, *, started: bool) -> None:
        if started and (self._in_head or self._unread):
            self.refuse(408, "slow-head")
        self.finish()

    def _tick_stuck(self) -> None:
        if self.took_some():
            self._age = 0.0
        elif self._age > self._bounds.idle:
            self.cut()
