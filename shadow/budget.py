"""How many real copies of a metered route an hour may make."""

from __future__ import annotations

_HOUR = 3600.0


class Budget:
    """Counts copies by route and clock hour; `now` is seconds since the epoch."""

    def __init__(self) -> None:
        self._spent: dict[str, tuple[int, int]] = {}

    def spend(self, route: str, budget: int, now: float) -> bool:
        """Take one copy from this hour's budget; False when it is used up."""
        hour = int(now // _HOUR)
        kept, spent = self._spent.get(route, (hour, 0))
        if kept != hour:
            spent = 0
        if spent >= budget:
            return False
        self._spent[route] = (hour, spent + 1)
        return True
