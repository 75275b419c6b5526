from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.bound import lower_bound, pairs_needed

TARGET = 0.999
COUNTS = st.tuples(st.integers(0, 3000), st.integers(0, 60))


def test_clean_pairs_for_three_nines() -> None:
    """A route without any difference reaches 99.9 % at 95 % with 3 500 to 4 500 pairs, and not a pair earlier."""
    needed = pairs_needed(TARGET, 0, 0)
    assert 3500 <= needed <= 4500
    assert lower_bound(needed, needed) >= TARGET - 1e-8
    assert lower_bound(needed - 1, needed - 1) < TARGET


def test_a_few_mismatches_cost_pairs_and_not_everything() -> None:
    """One mismatch about doubles the pairs that are needed; ten take no more than seven times as many."""
    clean = pairs_needed(TARGET, 0, 0)
    assert clean < pairs_needed(TARGET, 0, 1) < 2.5 * clean
    assert pairs_needed(TARGET, 0, 10) < 7 * clean


def test_few_pairs_reach_a_modest_target() -> None:
    """A target of one half takes six clean pairs, one of 90 % about thirty-five."""
    assert pairs_needed(0.5, 0, 0) == 6
    assert 25 <= pairs_needed(0.9, 0, 0) <= 45


def test_nothing_is_known_without_pairs() -> None:
    """Without trials, or without a match, the bound is zero."""
    assert lower_bound(0, 0) == 0
    assert lower_bound(0, 500) < 1e-6


@given(COUNTS)
def test_bound_lies_below_the_rate_seen(counts: tuple[int, int]) -> None:
    """The bound never exceeds the share of matches that was seen."""
    matches, differing = counts
    bound = lower_bound(matches, matches + differing)
    assert 0 <= bound <= (matches / (matches + differing) if matches else 0) + 1e-6


@given(COUNTS)
def test_bound_moves_with_the_evidence(counts: tuple[int, int]) -> None:
    """Another match never lowers the bound, another difference never raises it."""
    matches, differing = counts
    here = lower_bound(matches, matches + differing)
    assert lower_bound(matches + 1, matches + differing + 1) >= here - 1e-8
    assert lower_bound(matches, matches + differing + 1) <= here + 1e-8


@pytest.mark.proof
@given(COUNTS, st.sampled_from([0.5, 0.9, 0.99, 0.999]))
def test_promised_pairs_are_enough_and_needed(counts: tuple[int, int], target: float) -> None:
    """With the promised number of further matches the bound reaches the target, with one fewer it does not."""
    matches, differing = counts
    more = pairs_needed(target, matches, matches + differing)
    assert lower_bound(matches + more, matches + differing + more) >= target - 1e-8
    if more:
        assert lower_bound(matches + more - 1, matches + differing + more - 1) < target + 1e-8


@pytest.mark.parametrize(("matches", "trials", "alpha"), [(2, 1, 0.05), (-1, 1, 0.05), (1, 1, 0.0), (1, 1, 1.0)])
def test_impossible_counts_are_refused(matches: int, trials: int, alpha: float) -> None:
    """More matches than trials, negative counts or a confidence outside (0, 1) are errors."""
    with pytest.raises(ValueError, match=r"counts|alpha"):
        lower_bound(matches, trials, alpha)


@pytest.mark.parametrize("target", [0.0, 1.0, 2.0])
def test_impossible_target_is_refused(target: float) -> None:
    """A target of 0 or 1 cannot be proven by any number of pairs."""
    with pytest.raises(ValueError, match="target"):
        pairs_needed(target, 0, 0)


def falsely_ready(runs: int, pairs: int, mismatch: float, seed: int) -> int:
    """How many simulated routes with this true rate of mismatches are ever called ready, looked at after every pair.

    Between two mismatches the bound only rises, so looking just before each one is looking after every pair.
    """
    chance = random.Random(seed)
    limits: dict[int, float] = {}

    def limit(differing: int) -> float:
        """The trials at which a route with so many mismatches becomes ready."""
        if differing not in limits:
            limits[differing] = pairs_needed(TARGET, 0, differing) + differing
        return limits[differing]

    def ever() -> bool:
        at = differing = 0
        while at < pairs:
            at += max(1, math.ceil(math.log(1 - chance.random()) / math.log1p(-mismatch)))
            if min(at - 1, pairs) >= limit(differing):
                return True
            differing += 1
        return False

    return sum(ever() for _ in range(runs))


def test_a_route_at_the_boundary_is_rarely_called_ready() -> None:
    """With 0.1 % true mismatches, 65 in 1 000 routes at most are called ready by 60 000 pairs of constant looking."""
    assert falsely_ready(1000, 60_000, 0.001, seed=7) <= 65


@pytest.mark.proof
def test_false_readiness_over_many_runs(record_property: pytest.RecordProperty) -> None:
    """With 0.1 % true mismatches, at most 5 % of 20 000 routes are ever called ready within 200 000 pairs."""
    runs = 20_000
    ready = falsely_ready(runs, 200_000, 0.001, seed=11)
    record_property("called ready", f"{ready} of {runs}")
    assert ready <= 0.05 * runs


def test_a_good_route_gets_through() -> None:
    """With a tenth of the allowed mismatches, nine in ten routes are ready by 25 000 pairs."""
    assert falsely_ready(500, 25_000, 0.0001, seed=3) >= 450
