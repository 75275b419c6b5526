"""Buckets in memory."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway.core.policy import Limit
from gateway.limit.memory import CAPACITY, MemoryBuckets, monotonic
from gateway.limit.token_bucket import SECOND, pace_of

if TYPE_CHECKING:
    import pytest

PACE = pace_of("c", Limit(60, 60, 2))


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def test_memory_is_bounded_by_forgetting_full_buckets_first() -> None:
    """At the bound the buckets that are full again go, and one that is not keeps its count."""
    clock = Clock()
    buckets = MemoryBuckets(capacity=4, clock=clock)
    buckets.take("old", PACE)
    for _ in range(3):
        buckets.take("busy", PACE)
    clock.now = 1 * SECOND
    for key in "abc":
        buckets.take(key, PACE)
    assert len(buckets) == 4
    assert buckets.take("busy", PACE).wait == 0
    assert buckets.take("busy", PACE).wait > 0


def test_bound_holds_when_no_bucket_is_full() -> None:
    """A flood of subjects forgets the one that would be full soonest among those long unused."""
    clock = Clock()
    buckets = MemoryBuckets(capacity=3, clock=clock)
    buckets.take("empty", PACE)
    buckets.take("empty", PACE)
    for number in range(50):
        buckets.take(str(number), PACE)
        assert len(buckets) <= 3
    assert buckets.take("empty", PACE).wait > 0


def test_turning_the_system_clock_moves_no_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day forward or back on the wall fills nothing and empties nothing."""
    buckets = MemoryBuckets()
    buckets.take("a", PACE)
    buckets.take("a", PACE)
    now = time.time()
    for step in (86_400.0, -86_400.0):
        monkeypatch.setattr(time, "time", lambda step=step: now + step)
        taken = buckets.take("a", PACE)
        assert 0 < taken.wait <= PACE.interval
        assert taken.full <= PACE.depth


def test_clock_is_one_that_nobody_turns() -> None:
    """Time is monotonic microseconds, and the bound is tens of thousands of subjects."""
    first = monotonic()
    assert monotonic() >= first
    assert CAPACITY == 65536


def test_bucket_in_use_is_not_forgotten_for_being_old() -> None:
    """What counts is when a bucket was used last, not when it was first."""
    buckets, quick = MemoryBuckets(capacity=10, clock=Clock()), pace_of("q", Limit(1000, 1, 2))
    for _ in range(2):
        buckets.take("old", quick)
    for key in range(9):
        buckets.take(str(key), PACE)
    assert buckets.take("old", quick).wait > 0
    buckets.take("new", PACE)
    assert buckets.take("old", quick).wait > 0
