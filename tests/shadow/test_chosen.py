from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.chosen import chosen


def test_the_share_is_kept() -> None:
    """Of many requests about the share is taken; of share 0 none, of share 1 all."""
    names = [f"request {number}" for number in range(10_000)]
    assert 0.04 < sum(chosen(name, 0.05) for name in names) / len(names) < 0.06
    assert not any(chosen(name, 0) for name in names)
    assert all(chosen(name, 1) for name in names)


def test_no_rhythm_of_the_traffic_meets_the_sample() -> None:
    """Of every twentieth request, too, about the share is taken."""
    names = [f"request {number}" for number in range(0, 100_000, 20)]
    assert 0.04 < sum(chosen(name, 0.05) for name in names) / len(names) < 0.06


@settings(deadline=None)
@given(st.text(max_size=40), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_sample_holds_the_smaller(identity: str, one: float, other: float) -> None:
    """The same request is decided alike in every process, and stays in when the share grows."""
    assert chosen(identity, max(one, other)) or not chosen(identity, min(one, other))
