"""The pure bucket."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.policy import Limit
from gateway.limit.token_bucket import SECOND, Pace, pace_of, take

LIMITS = st.builds(
    Limit,
    rate=st.floats(0.1, 10_000),
    per=st.sampled_from([1.0, 2.5, 60.0, 3600.0]),
    burst=st.integers(1, 50),
)
GAPS = st.lists(st.integers(0, 2 * SECOND), min_size=1, max_size=60)


def passed(pace: Pace, times: list[int]) -> list[int]:
    """The times at which a bucket that starts full had a token."""
    full_at, found = 0, []
    for now in times:
        full_at, wait = take(full_at, now, pace.interval, pace.depth)
        if not wait:
            found.append(now)
    return found


@given(limit=LIMITS, gaps=GAPS)
def test_never_exceeds_its_rate_over_any_window(limit: Limit, gaps: list[int]) -> None:
    """Between any two moments no more pass than the burst and what the rate adds in between."""
    times = passed(pace_of("c", limit), list(accumulate(gaps)))
    for first, begin in enumerate(times):
        for last in range(first, len(times)):
            allowed = limit.burst + limit.rate * (times[last] - begin) / (limit.per * SECOND)
            assert last - first + 1 <= allowed + 1e-9


@given(limit=LIMITS, gaps=GAPS)
def test_wait_is_exact(limit: Limit, gaps: list[int]) -> None:
    """Who is refused passes after the time he is told, and not before; asking in vain costs nothing."""
    pace, full_at = pace_of("c", limit), 0
    for now in accumulate(gaps):
        after, wait = take(full_at, now, pace.interval, pace.depth)
        if wait:
            assert take(after, now + wait, pace.interval, pace.depth)[1] == 0
            assert take(after, now + wait - 1, pace.interval, pace.depth)[1] == 1
        full_at = after


@given(limit=LIMITS, instances=st.integers(1, 64), gaps=GAPS)
def test_shares_together_are_no_more_than_the_whole(limit: Limit, instances: int, gaps: list[int]) -> None:
    """As many shares as instances, each used to its end, let through what the whole would, one each at least."""
    share = pace_of("c", limit, instances)
    times = list(accumulate(gaps))
    together = instances * len(passed(share, times))
    window = limit.rate * (times[-1] - times[0]) / (limit.per * SECOND)
    assert together <= max(limit.burst, instances) + window + 1e-9
    assert share.limit is limit


@pytest.mark.parametrize("burst", [1, 3, 200])
def test_full_bucket_gives_its_burst_at_once(burst: int) -> None:
    """Exactly the burst passes in one moment."""
    assert len(passed(pace_of("c", Limit(7, 60, burst)), [5] * (burst + 2))) == burst


def test_bucket_from_the_future_counts_as_empty() -> None:
    """A clock that was turned back, or a smaller bucket after a reload, costs one token's wait and no more."""
    pace = pace_of("c", Limit(60, 60, 5))
    after, wait = take(10**15, 0, pace.interval, pace.depth)
    assert (after, wait) == (pace.depth, pace.interval)
