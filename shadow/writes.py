"""Which subjects wrote lately: what they read meanwhile may have changed under the reads."""

from __future__ import annotations

from collections import OrderedDict, deque

_KEPT = 8
"""Writes remembered of one subject: more than two never matter."""


class Writes:
    """The last writes of each subject, in seconds since the epoch; bounded, the oldest are forgotten first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._last: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, subject: str, at: float) -> None:
        """A write of this subject began."""
        self._last.setdefault(subject, deque(maxlen=_KEPT)).append(at)
        self._last.move_to_end(subject)
        if len(self._last) > self._capacity:
            self._last.popitem(last=False)

    def since(self, subject: str, at: float) -> int:
        """How many writes this subject began after `at`; eight at most are remembered."""
        return sum(one > at for one in self._last.get(subject, ()))
