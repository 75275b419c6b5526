"""A difference before it is redacted and explained."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.core.observation import DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MORE = "(more)"
_OFTEN = 256


@dataclass(frozen=True, slots=True)
class Found:
    """One place where two sides differ, with the real values; `keys` are the member names on the way to it.

    `alike` says by which meanings the two values are near each other, once it was looked at.
    """

    location: str
    path: str
    kind: DifferenceKind
    legacy: Any = None
    gateway: Any = None
    keys: tuple[str, ...] = ()
    alike: str = field(default="", compare=False)


class DeadlineError(Exception):
    """Comparing took longer than it may."""


@dataclass(slots=True)
class Budget:
    """How long one comparison may take, in seconds, and how many differences it may list."""

    seconds: float = 2.0
    most: int = 200
    _end: float = field(default=0.0, init=False)
    _steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def step(self, count: int = 1) -> None:
        """Count steps of work; the clock is read once in a while.

        Raises:
            DeadlineError: the time is over.
        """
        self._steps += count
        if self._steps >= _OFTEN:
            self._steps = 0
            self.check()

    def check(self) -> None:
        """Read the clock: before work that takes long by itself.

        Raises:
            DeadlineError: the time is over.
        """
        if time.monotonic() > self._end:
            raise DeadlineError


def bounded(found: Iterable[Found], budget: Budget, location: str) -> Iterator[Found]:
    """As many differences as the budget lists; what is beyond them is one of path `(more)`.

    Raises:
        DeadlineError: they take longer than the budget allows.
    """
    for count, one in enumerate(found):
        budget.step()
        if count == budget.most:
            yield Found(location, MORE, DifferenceKind.COUNT)
            return
        yield one


def swapped(kind: DifferenceKind) -> DifferenceKind:
    """The kind as the other side sees it."""
    match kind:
        case DifferenceKind.MISSING:
            return DifferenceKind.EXTRA
        case DifferenceKind.EXTRA:
            return DifferenceKind.MISSING
        case _:
            return kind
