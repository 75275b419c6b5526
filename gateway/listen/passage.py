"""Requests that came before and are answered by a shortcut: no task, no scope, no turn of their own."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from gateway.listen.patience import Patience
from gateway.listen.turn import Turn

if TYPE_CHECKING:
    from gateway.listen.bounds import Bounds
    from gateway.listen.heads import Known
    from gateway.listen.reception import App, Message, Reception


class Passage:
    """One such request where a turn would stand: it has no body, so nothing of it is waited for."""

    __slots__ = ()
    done = False
    whole = True
    expects = False
    cause = ""

    def leave(self) -> None:
        """The client has gone; heard more than once, it means the same."""
        raise NotImplementedError

    def lags(self, seconds: float, idle: float, rate: int) -> bool:
        """See Intake."""
        del seconds, idle, rate
        return False

    def fail(self, cause: str) -> None:
        """See Intake; there is no body that could."""


class _Soon(Passage):
    """A request that came before, until the end of the turn of the loop in which it came."""

    __slots__ = ()

    def leave(self) -> None:
        """See Passage; nobody had heard of it yet."""


SOON = _Soon()


class Passing(Patience):
    """A connection that a shortcut may answer: `begin`, then `write` and `passed`; or `hand_over`; or `gave_up`."""

    def __init__(self, reception: Reception, bounds: Bounds) -> None:
        super().__init__(reception.loop, bounds)
        self.extra: tuple[bytes, ...] = ()
        self._reception = reception
        self.batch = reception.batch
        self._shared: Message = {}
        self._known: Known
        self._waiting: deque[Turn] = deque()
        self._refusal = 0

    @property
    def last(self) -> bool:
        """Whether the connection ends after this answer."""
        return self._reception.draining or self._count >= self._bounds.requests

    def begin(self, passage: Passage) -> None:
        """A request that came before is being answered."""
        self._turn = passage
        self._count += 1
        self._reception.passing += 1

    def passed(self, *, close: bool) -> None:
        """The answer was written, whole."""
        self._turn = None
        self._reception.passing -= 1
        self._age = 0.0
        if close:
            self.finish()
        elif self._waiting or self.held or self._refusal:
            self.next()

    def hand_over(self, app: App) -> None:
        """It goes on like any other: `app` answers it."""
        self.gave_up()
        self._turn = turn = self.turn_of(self._known)
        self._reception.run(turn.run(app))

    def gave_up(self) -> None:
        """Nobody answers it any more."""
        self._turn = None
        self._reception.passing -= 1

    def turn_of(self, known: Known) -> Turn:
        """A request without a body whose head came before, as a turn."""
        state = {"target": known.target, "head": known}
        turn = Turn(self, {**self._shared, **known.scope, "state": state}, keep=True, expects=False)
        turn.end()
        return turn

    def next(self) -> None:
        """Let the next request that waits begin."""
        raise NotImplementedError

    def write(self, data: bytes) -> None:
        """Send, together with what others send in this turn of the loop."""
        self.put(data, self.batch)

    def want(self) -> None:
        """The application has taken what there was of the body."""
        raise NotImplementedError

    def answered(self, turn: Turn) -> None:
        """The answer is complete."""
        raise NotImplementedError

    def broken_off(self, *, clean: bool) -> None:
        """An answer ends early."""
        raise NotImplementedError
