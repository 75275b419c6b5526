"""The recording's clock, handed to the gateway under test."""

from __future__ import annotations


class PlayClock:
    """Says the time of the exchange that is being played, in seconds since the epoch."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time as it was set last."""
        return self.now
