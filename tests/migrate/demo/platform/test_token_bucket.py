"""The token bucket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrate.demo.platform.token_bucket import TokenBucket


def test_a_burst_empties_it_and_time_fills_it() -> None:
    """Two at once, then one a second; an empty bucket says how long to wait."""
    bucket = TokenBucket(1.0, 2)
    assert [bucket.take("k", 0.0) for _ in range(3)] == [(1, 0.0), (0, 0.0), (0, 1.0)]
    assert bucket.take("k", 1.0) == (0, 0.0)
    assert bucket.take("other", 1.0) == (1, 0.0)


@given(st.lists(st.floats(0, 5), max_size=50))
def test_it_never_gives_more_than_burst_and_rate_allow(pauses: list[float]) -> None:
    """In any sequence the tokens given are at most burst plus rate times the time gone."""
    bucket, moment, given_ = TokenBucket(1.0, 10), 0.0, 0
    for pause in pauses:
        moment += pause
        given_ += bucket.take("k", moment)[1] == 0
    assert given_ <= 10 + moment + 1e-6
