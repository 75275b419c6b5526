from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.histogram import Histogram
from loadtests.intervals import (
    Interval,
    answers_needed,
    beta_below,
    quantile_interval,
    rate_interval,
    t_value,
    value_at,
)

COUNTS = st.integers(1, 400).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(st.floats(0.01, 0.99), st.integers(1, 40), st.integers(1, 40))
@settings(deadline=None)
def test_the_beta_function_is_the_binomial_tail(x: float, hits: int, misses: int) -> None:
    """I_x(k, n - k + 1) is the chance of k hits or more in n trials."""
    trials = hits + misses - 1
    tail = sum(math.comb(trials, k) * x**k * (1 - x) ** (trials - k) for k in range(hits, trials + 1))
    assert beta_below(x, hits, misses) == pytest.approx(tail, abs=1e-9)


def test_the_beta_function_ends_where_it_should() -> None:
    """Nothing lies below 0, all below 1."""
    assert (beta_below(0.0, 2, 3), beta_below(1.0, 2, 3)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(0, 10, 0.0, 0.3085), (1, 100, 0.00025, 0.0545), (10, 100, 0.0490, 0.1762), (5, 5, 0.4782, 1.0), (0, 0, 0, 1)],
)
def test_rates_have_the_bounds_of_the_tables(hits: int, trials: int, low: float, high: float) -> None:
    """The exact interval of Clopper and Pearson."""
    found = rate_interval(hits, trials)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


@given(COUNTS)
@settings(deadline=None)
def test_a_rate_lies_within_its_interval(counts: tuple[int, int]) -> None:
    """And the interval within 0 and 1; more confidence makes it wider."""
    usual, sure = rate_interval(*counts), rate_interval(*counts, confidence=0.99)
    assert 0 <= sure.low <= usual.low <= usual.value <= usual.high <= sure.high <= 1


@pytest.mark.parametrize(("freedom", "value"), [(1, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (1000, 1.962)])
def test_student_is_as_in_the_tables(freedom: int, value: float) -> None:
    """Two-sided, 95 %."""
    assert t_value(freedom) == pytest.approx(value, abs=2e-3)


@pytest.mark.parametrize(("share", "needed"), [(0.5, 6), (0.95, 72), (0.99, 368)])
def test_a_quantile_needs_enough_answers(share: float, needed: int) -> None:
    """With one less, the latest answer may lie below the quantile, so there is no upper bound."""
    assert answers_needed(share) == needed
    assert quantile_interval(answers(range(1, needed + 1)), share).high < math.inf
    assert quantile_interval(answers(range(1, needed)), share).high == math.inf


def test_without_answers_nothing_is_known() -> None:
    """A quantile of nothing lies anywhere."""
    assert quantile_interval(Histogram(), 0.5) == Interval(0.0, 0.0, math.inf)


def test_ranks_are_counted_from_one() -> None:
    """Within the width of a bucket."""
    histogram = answers([10, 20, 30])
    assert [value_at(histogram, rank) for rank in (1, 2, 3)] == [pytest.approx(v, rel=0.01) for v in (10, 20, 30)]


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_quantile_intervals_hold_the_true_value_as_often_as_they_say(share: float) -> None:
    """Of 300 samples of an exponential distribution, at least 92 % hold it; the rule is conservative."""
    dice, held = random.Random(5), 0
    truth = -10 * math.log(1 - share)
    for _ in range(300):
        found = quantile_interval(answers(dice.expovariate(0.1) for _ in range(200)), share)
        held += found.low * 0.99 <= truth <= found.high * 1.01
    assert held >= 276


def test_the_wider_bounds_are_kept() -> None:
    """The value stays the first one's."""
    assert Interval(2, 1, 4).around(Interval(9, 1.5, 5)) == Interval(2, 1, 5)


def answers(values: object) -> Histogram:
    """A histogram of these milliseconds."""
    out = Histogram()
    for value in values:  # type: ignore[attr-defined]
        out.add(value)
    return out
