from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.blocks import FEWEST, Block, Column, draws, log_mean, quantile_spread, spread
from loadtests.histogram import Histogram, merged
from tests.loadtests.waves import block

SAMPLES = st.lists(st.lists(st.floats(0.1, 5000), max_size=30), min_size=1, max_size=8)


@given(SAMPLES, st.sampled_from([0.5, 0.95, 0.99]))
@settings(deadline=None)
def test_all_blocks_once_are_the_whole(samples: list[list[float]], share: float) -> None:
    """The quantile over all blocks is that of the merged histogram, within a bucket; 0 without an answer."""
    blocks = [block(values) for values in samples]
    whole = merged(item.histogram for item in blocks)
    found = Column(blocks).quantile((1,) * len(blocks), share)
    assert found == pytest.approx(whole.quantile(share), rel=0.011, abs=1e-6)


def test_a_weight_counts_a_block_so_often() -> None:
    """Answers, failures and seconds of a block drawn twice count twice."""
    column = Column([block([1.0, 2.0], failures=1, seconds=3.0), block([9.0])])
    assert (column.answers((2, 0)), column.failures((2, 1)), column.seconds((2, 0))) == (4, 2, 6.0)
    assert column.quantile((1, 5), 0.5) == pytest.approx(9.0, rel=0.02)


def test_quantiles_are_told_between_buckets() -> None:
    """Two samples that lie in the same buckets in other shares have other medians."""
    few, many = (block([5.0] * 10 + [5.06] * count).histogram for count in (8, 12))
    first, second = (Column([Block(item)]).quantile((1,), 0.5) for item in (few, many))
    assert first < second < first * 1.03


def test_draws_are_the_same_every_time_and_begin_with_all() -> None:
    """Each draw takes as many blocks as there are."""
    assert draws(5)[0] == (1, 1, 1, 1, 1)
    assert draws(5) == draws.__wrapped__(5)
    assert {sum(drawn) for drawn in draws(5)} == {5}
    assert len(draws(FEWEST - 1)) == 1


@pytest.mark.parametrize("values", [[10.0] * 300, [10.0] * 299 + [0.0]])
def test_blocks_that_agree_leave_no_doubt(values: list[float]) -> None:
    """Nothing spreads, so the bounds are the value."""
    found = spread([10.0, *values], 8, positive=True)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(10.0), pytest.approx(10.0))


@pytest.mark.parametrize(
    ("measured", "positive"), [([1.0], True), ([1.0], False), ([0.0, 1.0, 1.0], True), ([1.0, *[0.0] * 300], True)]
)
def test_nothing_is_said_of_too_little(measured: list[float], positive: bool) -> None:  # noqa: FBT001 - a parameter
    """One draw is no spread, and nothing is no scale."""
    assert spread(measured, 4, positive=positive) is None


def test_a_difference_may_be_negative() -> None:
    """Its bounds lie evenly about it."""
    found = spread([-1.0, *[-2.0, 0.0] * 150], 10, positive=False)
    assert found is not None
    assert found.value - found.low == pytest.approx(found.high - found.value)
    assert found.low < -2 < 0 < found.high


def test_blocks_that_disagree_widen_the_interval() -> None:
    """A quantile is told as loosely as the blocks tell it, however many answers each holds."""
    steady = quantile_spread([block([10.0] * 500) for _ in range(6)], 0.5)
    wild = quantile_spread([block([10.0 * 2 ** (number % 3)] * 500) for number in range(6)], 0.5)
    assert steady is not None
    assert wild is not None
    assert steady.high / steady.low < 1.1
    assert wild.high / wild.low > 2
    assert quantile_spread([block([1.0])] * (FEWEST - 1), 0.5) is None


def test_the_mean_of_estimates_is_one_of_scale() -> None:
    """Half and double cancel; one estimate alone bounds nothing."""
    found = log_mean([50.0, 100.0, 200.0])
    assert found.value == pytest.approx(100.0)
    assert found.low < 50
    assert found.high > 200
    assert log_mean([7.0]).high == math.inf


def test_empty_blocks_are_blocks() -> None:
    """A slice without an answer is drawn like the others."""
    assert Column([Block(Histogram()), block([4.0])]).quantile((1, 1), 0.5) == pytest.approx(4.0, rel=0.02)
