"""A bounded memory of answers, each with its age; the oldest makes room."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Remembered[K: Hashable, V]:
    """At most `capacity` answers."""

    def __init__(self, capacity: int, clock: Callable[[], float]) -> None:
        self._capacity, self._clock = capacity, clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> tuple[float, V] | None:
        """Age in seconds and answer."""
        entry = self._entries.get(key)
        return None if entry is None else (self._clock() - entry[0], entry[1])

    def put(self, key: K, value: V) -> None:
        """Remember an answer of this moment."""
        self._entries.pop(key, None)
        while len(self._entries) >= self._capacity:
            self._entries.popitem(last=False)
        self._entries[key] = (self._clock(), value)

    def drop(self, key: K) -> None:
        """Forget an answer, if it is there."""
        self._entries.pop(key, None)
