"""How much a client may ask for that is no request: a bucket that control frames empty and time fills. Pure."""

from __future__ import annotations


class Budget:
    """`most` units at once, `rate` more a second; what was useful may be paid back."""

    __slots__ = ("_left", "_most", "_rate")

    def __init__(self, most: float, rate: float) -> None:
        self._most = self._left = most
        self._rate = rate

    def spend(self, units: float = 1.0) -> bool:
        """Take units out; whether there were any left."""
        self._left -= units
        return self._left >= 0

    def repay(self, units: float) -> None:
        """Put units back."""
        self._left = min(self._most, self._left + units)

    def tick(self, seconds: float) -> None:
        """Time has passed."""
        self.repay(self._rate * seconds)
