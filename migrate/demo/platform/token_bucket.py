"""A token bucket per key."""

from __future__ import annotations


class TokenBucket:
    """Refills `rate` tokens a second up to `burst`."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = burst
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, key: str, moment: float) -> tuple[int, float]:
        """Tokens left after taking one and 0, or 0 and the seconds until there is one."""
        level, before = self._levels.get(key, (float(self._burst), moment))
        level = min(float(self._burst), level + (moment - before) * self._rate)
        taken = level >= 1
        self._levels[key] = (level - taken, moment)
        return (int(level - 1), 0.0) if taken else (0, (1 - level) / self._rate)
