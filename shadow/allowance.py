"""How much load copies may add: a share of the requests that clients made, and never more. Pure."""

from __future__ import annotations

BURST = 60.0
"""Requests that copies of one service may be ahead of that share."""


class Allowance:
    """What copies of one service may still ask; each request of a client earns `share` of one."""

    def __init__(self, share: float, burst: float = BURST) -> None:
        self._share = share
        self._burst = burst
        self._left = burst

    def earn(self) -> None:
        """A client made a request."""
        self._left = min(self._burst, self._left + self._share)

    def take(self, number: int) -> bool:
        """Take so many requests at once, or none."""
        if self._left < number:
            return False
        self._left -= number
        return True

    def give_back(self, number: int) -> None:
        """So many of those taken were not made after all."""
        self._left = min(self._burst, self._left + number)
