"""Which subjects wrote lately: a read whose copies a write overtook says nothing about the gateway."""

from __future__ import annotations

from collections import OrderedDict


class Writes:
    """The last write of each subject, in seconds since the epoch; bounded, the oldest are forgotten first."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._last: OrderedDict[str, float] = OrderedDict()

    def note(self, subject: str, at: float) -> None:
        """A write of this subject began."""
        self._last[subject] = at
        self._last.move_to_end(subject)
        if len(self._last) > self._capacity:
            self._last.popitem(last=False)

    def since(self, subject: str, at: float) -> bool:
        """Whether this subject began a write after `at`."""
        return self._last.get(subject, at) > at
