"""What was verified lately, by a keyed digest of the credential; bounded, and no credential is held."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Remembered[T]:
    """At most `capacity` values, each until a time; the least used makes room.

    A value is gone when either clock says so: `clock` gives the time of day, which may be set, `monotonic` seconds
    that only grow, so that a clock that is set back makes nothing live longer.
    """

    def __init__(self, capacity: int, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._capacity, self._clock, self._monotonic = capacity, clock, monotonic
        self._entries: OrderedDict[bytes, tuple[T, float, float]] = OrderedDict()
        self._hash = blake2b(key=secrets.token_bytes(32), digest_size=16)
        self.generation = 0

    def __len__(self) -> int:
        return len(self._entries)

    def digest(self, credential: str) -> bytes:
        """The key of a credential; another in every process."""
        fresh = self._hash.copy()
        fresh.update(credential.encode("utf-8", "surrogatepass"))
        return fresh.digest()

    def get(self, digest: bytes) -> T | None:
        """The value, while it holds."""
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if self._clock() >= entry[1] or self._monotonic() >= entry[2]:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry[0]

    def until(self, digest: bytes) -> tuple[float, float] | None:
        """When a value will be gone by either clock, the time of day first; see `holds`."""
        entry = self._entries.get(digest)
        return None if entry is None else entry[1:]

    def holds(self, until: tuple[float, float], generation: int) -> bool:
        """Whether what would be gone at these times is not yet, and nothing was cleared since `generation`."""
        return generation == self.generation and self._clock() < until[0] and self._monotonic() < until[1]

    def put(self, digest: bytes, value: T, seconds: float, *, now: float, generation: int) -> None:
        """Remember for so long from `now` on, unless everything was cleared since `generation` was read."""
        if generation != self.generation or seconds <= 0:
            return
        self._entries[digest] = (value, now + seconds, self._monotonic() + seconds)
        self._entries.move_to_end(digest)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything, also what is being found out just now."""
        self.generation += 1
        self._entries.clear()
