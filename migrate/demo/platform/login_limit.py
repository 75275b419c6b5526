"""So many attempts in a window, then a lock; successes count too."""

from __future__ import annotations

from collections import deque


class LoginLimit:
    """Attempts per key; `limit` in `window` seconds, then refused for `lock` seconds."""

    def __init__(self, limit: int, window: float, lock: float) -> None:
        self._limit = limit
        self._window = window
        self._lock = lock
        self._attempts: dict[tuple[str, str], deque[float]] = {}
        self._locked: dict[tuple[str, str], float] = {}

    def attempt(self, key: tuple[str, str], moment: float) -> int:
        """Count one attempt; returns 0 when allowed, else the whole seconds until the lock opens."""
        until = self._locked.get(key, 0.0)
        if moment < until:
            return int(until - moment) + 1
        attempts = self._attempts.setdefault(key, deque())
        while attempts and attempts[0] <= moment - self._window:
            attempts.popleft()
        if len(attempts) >= self._limit:
            attempts.clear()
            self._locked[key] = moment + self._lock
            return int(self._lock)
        attempts.append(moment)
        return 0
