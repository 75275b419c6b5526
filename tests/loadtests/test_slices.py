from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.slices import number_at, seconds_each, side_at, side_of

BOTH = ("legacy", "gateway")


def test_slices_alternate_in_mirrored_order() -> None:
    """Legacy, gateway, gateway, legacy and again: a steady drift falls on both alike."""
    assert [side_at(second + 0.5, BOTH, 1.0)[0] for second in range(8)] == list("lggllggl")


def test_one_side_has_all_the_time() -> None:
    """With one side there is nothing to alternate."""
    assert {side_at(second, ("gateway",), 0.5) for second in range(9)} == {"gateway"}


@given(st.floats(0, 500), st.floats(0.1, 60))
def test_the_times_sum_to_the_whole(elapsed: float, length: float) -> None:
    """No second is lost or counted twice."""
    assert sum(seconds_each(elapsed, BOTH, length).values()) == pytest.approx(elapsed, abs=1e-6)


def test_a_whole_round_is_shared_equally() -> None:
    """Four slices give each side two."""
    assert seconds_each(20.0, BOTH, 5.0) == {"legacy": 10.0, "gateway": 10.0}


@given(st.floats(0, 500), st.floats(0.1, 60))
def test_a_slice_has_one_side(elapsed: float, length: float) -> None:
    """The side of a moment is the side of its slice's number."""
    assert side_at(elapsed, BOTH, length) == side_of(number_at(elapsed, length), BOTH)
