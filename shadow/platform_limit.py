"""How many copies a limit of the platform's own leaves room for: a tenth of it, in any window of its length. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.core.mirroring import PlatformLimit

TENTH = 0.1
"""Share of a declared limit that copies may take: the rest is the callers'."""


class Tenth:
    """Counts the requests that copies made in the last window; `now` is seconds of any clock that never goes back.

    A tenth of less than one request gives one in a window that is so much longer.
    """

    def __init__(self, limit: PlatformLimit) -> None:
        share = limit.rate * TENTH
        self.most = max(1, int(share + 1e-9))
        self._span = limit.per * max(1.0, self.most / share)
        self._taken: deque[float] = deque()

    def take(self, number: int, now: float) -> bool:
        """Take so many requests at once, or none; more than `most` are never given."""
        while self._taken and now - self._taken[0] >= self._span:
            self._taken.popleft()
        if len(self._taken) + number > self.most:
            return False
        self._taken.extend([now] * number)
        return True

    def give_back(self, number: int, taken: float) -> None:
        """So many of those taken at that moment were not made after all."""
        for _ in range(number):
            # They may have left the window meanwhile.
            if taken in self._taken:
                self._taken.remove(taken)
