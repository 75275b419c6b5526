"""Buckets in this process's memory, bounded."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from gateway.limit.token_bucket import Taken, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.limit.token_bucket import Pace

CAPACITY = 1 << 16
_LOOKED_AT = 8
"""How many of the longest unused buckets are looked at for a full one, which can be forgotten without a trace."""


def monotonic() -> int:
    """Microseconds on a clock that nobody turns."""
    return time.monotonic_ns() // 1000


class MemoryBuckets:
    """Buckets by key; one that is not known is full. With `capacity` reached, a long unused one is forgotten."""

    def __init__(self, capacity: int = CAPACITY, clock: Callable[[], int] = monotonic) -> None:
        self._capacity = capacity
        self._clock = clock
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, pace: Pace) -> Taken:
        """Take one token from the bucket of this key."""
        now, buckets = self._clock(), self._full_at
        full_at, wait = take(buckets.get(key, now), now, pace.interval, pace.depth)
        buckets[key] = full_at
        buckets.move_to_end(key)
        if len(buckets) > self._capacity:
            self._forget(now)
        return Taken(wait, full_at - now)

    def _forget(self, now: int) -> None:
        oldest = [key for key, _ in zip(self._full_at, range(_LOOKED_AT), strict=False)]
        full = [key for key in oldest if self._full_at[key] <= now]
        # Where none is full, the one that soonest would be: forgetting it gives away least.
        for key in full or [min(oldest, key=self._full_at.__getitem__)]:
            del self._full_at[key]
