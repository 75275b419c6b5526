from __future__ import annotations

from migrate.replay.clock import PlayClock


def test_the_clock_says_what_was_set() -> None:
    """Time stands still between exchanges and moves when it is set."""
    clock = PlayClock(5.0)
    assert clock() == clock() == 5.0
    clock.now = 7.0
    assert clock() == 7.0
