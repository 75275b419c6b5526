from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.observation import Bucket
from gateway.store.counts import Served
from shadow.buckets import Ledger, Sampler, Tally

ROUTES = st.sampled_from(["", "a", "b"])
STEPS = st.lists(st.tuples(ROUTES, st.one_of(st.none(), st.sampled_from([b for b in Bucket if b != "pending"]))))


@given(STEPS)
def test_buckets_sum_to_all_requests_at_any_time(steps: list[tuple[str, Bucket | None]]) -> None:
    """Whatever is opened and settled in whatever order, the counts sum to the total counted on its own."""
    ledger = Ledger()
    for route, bucket in steps:
        if bucket is None:
            ledger.open(route)
        elif ledger.counts[route, "pending", ""]:
            ledger.settle(route, bucket, "why")
        assert sum(ledger.counts.values()) == ledger.total
        assert all(count >= 0 for count in ledger.counts.values())
    assert Ledger.from_json(json.loads(json.dumps(ledger.to_json()))) == ledger
    ledger.close("shutdown")
    assert sum(ledger.counts.values()) == ledger.total
    assert not any(key[1] == "pending" and count for key, count in ledger.counts.items())


def test_a_request_is_not_settled_twice() -> None:
    """Settling what is not pending is an error, since it would be counted twice."""
    ledger = Ledger()
    ledger.open("a")
    ledger.settle("a", Bucket.COMPARED)
    with pytest.raises(ValueError, match="nothing of a is pending"):
        ledger.settle("a", Bucket.FAILED)


def test_a_tally_hands_on_what_is_new() -> None:
    """Requests, errors, fallbacks and seconds add up by route, side and minute, and are handed on once."""
    tally = Tally()
    tally.add("a", "legacy", at=120.0, seconds=0.5, error=False)
    tally.add("a", "legacy", at=179.9, seconds=0.25, error=True, fallback=True)
    tally.add("a", "gateway", at=180.0, seconds=1.0, error=False)
    assert tally.take() == [Served("a", "legacy", 2, 2, 1, 1, 0.75), Served("a", "gateway", 3, 1, 0, 0, 1.0)]
    assert tally.take() == []


@given(st.floats(0.01, 1.0), st.integers(1, 300))
def test_a_sample_is_even_and_takes_the_first(share: float, requests: int) -> None:
    """Of n requests the share is taken, rounded up within one, and the first is always among them."""
    sampler = Sampler()
    taken = [sampler.take("a", share) for _ in range(requests)]
    assert taken[0]
    assert abs(sum(taken) - share * requests) <= 1 + 1e-6


def test_a_share_of_nothing_takes_nothing() -> None:
    """A share of 0 takes no request."""
    sampler = Sampler()
    assert not any(sampler.take("a", 0.0) for _ in range(10))
