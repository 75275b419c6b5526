"""Kept answers in this process's memory, the least recently used thrown out first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.cache.freshness import Kept
    from gateway.cache.key import Key

BYTES = 64 * 1024 * 1024
"""What all kept answers of a gateway take together."""


@dataclass(slots=True, eq=False)
class Fill:
    """An answer on its way into memory. A write that passes meanwhile makes it `late`: it may be from before it."""

    key: Key
    path: str
    late: bool = False


class Memory:
    """Entries by key, of `limit` bytes at most. The first member of a key is the route's id."""

    def __init__(self, limit: int = BYTES) -> None:
        self.bytes = 0
        self._limit = limit
        self._entries: OrderedDict[Key, tuple[Kept, str]] = OrderedDict()
        self._below: dict[str, set[Key]] = {}
        self._fills: set[Fill] = set()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Kept | None:
        """The entry of a key."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def begin(self, key: Key, path: str) -> Fill:
        """Announce an answer of this gateway path; `put` or `drop` ends it."""
        fill = Fill(key, path)
        self._fills.add(fill)
        return fill

    def put(self, fill: Fill, entry: Kept) -> bool:
        """Keep an answer, unless a write came in between; others go where there is no room."""
        self._fills.discard(fill)
        if fill.late or entry.size > self._limit:
            return False
        self.forget(fill.key)
        self._entries[fill.key] = (entry, fill.path)
        self.bytes += entry.size
        for place in _upwards(fill.path):
            self._below.setdefault(place, set()).add(fill.key)
        while self.bytes > self._limit:
            self.forget(next(iter(self._entries)))
        return True

    def drop(self, fill: Fill) -> None:
        """The announced answer will not be kept."""
        self._fills.discard(fill)

    def forget(self, key: Key) -> None:
        """Remove an entry."""
        found = self._entries.pop(key, None)
        if found is None:
            return
        entry, path = found
        self.bytes -= entry.size
        for place in _upwards(path):
            keys = self._below[place]
            keys.discard(key)
            if not keys:
                del self._below[place]

    def invalidate(self, path: str, routes: tuple[str, ...] = ()) -> None:
        """A write happened at a gateway path: what is kept of it, below it and above it ends, for every caller.

        So do entries of routes that match one of the globs.
        """
        for fill in self._fills:
            if _related(fill.path, path) or _named(fill.key, routes):
                fill.late = True
        if not self._entries:
            return
        for key in self._hit(path, routes):
            self.forget(key)

    def _hit(self, path: str, routes: tuple[str, ...]) -> list[Key]:
        found = set(self._below.get(path, ()))
        for place in _upwards(path):
            found |= {key for key in self._below.get(place, ()) if self._entries[key][1] == place}
        if routes:
            found |= {key for key in self._entries if _named(key, routes)}
        return list(found)


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _related(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _named(key: Key, routes: tuple[str, ...]) -> bool:
    return any(fnmatchcase(key[0], route) for route in routes)
