"""What limited answers say."""

from __future__ import annotations

import pytest

from gateway.core.policy import Limit
from gateway.limit.headers import beside, remaining, retry_after, told
from gateway.limit.token_bucket import SECOND, Taken, pace_of, quota

READ = pace_of("read", Limit(1200, 60, 200))


def test_both_families_say_the_same() -> None:
    """Quota, window, what is left and when it is full again stand in the draft's fields and in the platform's."""
    assert dict(told(READ, Taken(0, 3 * READ.interval))) == {
        "ratelimit-policy": '"read";q=1200;w=60',
        "ratelimit": '"read";r=197;t=1',
        "x-ratelimit-limit": "1200",
        "x-ratelimit-remaining": "197",
        "x-ratelimit-reset": "1",
    }


def test_empty_bucket_has_nothing_left() -> None:
    """Remaining is never negative, and a partly filled token is none."""
    assert remaining(READ, Taken(1, READ.depth)) == 0
    assert remaining(READ, Taken(1, READ.depth + 5)) == 0
    assert remaining(READ, Taken(0, READ.depth - 1)) == 0


@pytest.mark.parametrize(("wait", "seconds"), [(1, 1), (SECOND, 1), (SECOND + 1, 2), (90 * SECOND, 90)])
def test_retry_after_is_never_too_early(wait: int, seconds: int) -> None:
    """Seconds are rounded up, and are one at least."""
    assert retry_after(wait) == seconds


@pytest.mark.parametrize(
    ("limit", "said"), [(Limit(1200, 60), (1200, 60)), (Limit(0.5, 60), (1, 120)), (Limit(2.5, 1), (2, 1))]
)
def test_quota_is_whole_and_never_more_than_allowed(limit: Limit, said: tuple[int, int]) -> None:
    """Fractions are said as whole requests in a whole window."""
    assert quota(limit) == said
    assert said[0] / said[1] <= limit.rate / limit.per


def test_service_that_speaks_of_its_own_limit_is_not_contradicted() -> None:
    """Where a service sends a family of headers itself, ours of that family stay out, and only those."""
    own = told(READ, Taken(0, READ.interval))
    assert beside((("Content-Type", "a/b"),), own) is own
    theirs = beside((("X-RateLimit-Remaining", "3"),), own)
    assert [name for name, _ in theirs] == ["ratelimit-policy", "ratelimit"]
    assert [name[:2] for name, _ in beside((("RateLimit", "a"),), own)] == ["x-"] * 3
    assert beside((("X-RateLimit-Remaining", "3"),), ()) == ()
