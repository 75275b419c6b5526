from __future__ import annotations

import json

import pytest

from loadtests.blocks import Block
from loadtests.compared import Comparison, compare
from loadtests.histogram import Histogram
from tests.loadtests.waves import block, pairs


def test_a_slower_gateway_shows_in_every_ratio() -> None:
    """Three times slower: ratios of about 3 whose intervals exclude 1; added milliseconds tell the same."""
    found = compare(pairs(3, 16, 200, slower=3.0))
    for name in ("p50", "p95", "p99"):
        assert found.ratios[name].low > 1.5
        assert found.ratios[name].low < 3.0 < found.ratios[name].high
    assert found.added["p50"].low > 0


def test_a_constant_delay_is_told_as_added() -> None:
    """20 ms on every answer are 20 ms, whatever the ratio is."""
    added = compare(pairs(4, 12, 100, later=20.0)).added["p50"]
    assert added.low < 20.0 < added.high
    assert added.low > 14


def test_failures_are_told_as_a_difference_of_rates() -> None:
    """A gateway that fails 5 % beside a legacy that never does."""
    errors = compare(pairs(5, 16, 200, failing=0.05)).errors
    assert errors is not None
    assert errors.low > 0.02
    assert errors.low < 0.05 < errors.high


def test_throughput_is_per_second() -> None:
    """A side that had half the time and the same answers is twice as fast."""
    found = compare([(block([5.0] * 100, seconds=2.0), block([5.0] * 100, seconds=1.0))] * 6)
    assert found.ratios["throughput"].value == pytest.approx(2.0)


@pytest.mark.parametrize(("answers", "told"), [(19, set()), (20, {"p50"}), (200, {"p50", "p95"})])
def test_what_too_few_answers_could_tell_is_absent(answers: int, told: set[str]) -> None:
    """Ten answers must lie beyond a quantile on each side."""
    each = [(block([5.0] * (answers // 4 + (number < answers % 4))), block([5.0] * 500)) for number in range(4)]
    found = compare(each)
    assert set(found.ratios) - {"throughput"} == told
    assert set(found.added) == told


@pytest.mark.parametrize("number", [0, 1, 3])
def test_too_few_pairs_say_nothing(number: int) -> None:
    """Below four pairs nothing is known of how they spread."""
    assert compare(pairs(1, number)) == Comparison(number, {}, {}, None)


def test_a_pair_without_an_answer_counts_for_throughput_alone() -> None:
    """A slice in which the gateway hung has no latency, and no answers a second."""
    silent = (block([5.0] * 50), Block(Histogram(), 0, 1.0))
    found = compare([(block([5.0] * 50), block([5.0] * 50))] * 4 + [silent])
    assert found.pairs == 4
    assert found.ratios["throughput"].value == pytest.approx(0.8)
    assert found.ratios["p50"].value == pytest.approx(1.0)


def test_a_gateway_that_answers_nothing_has_no_throughput_ratio() -> None:
    """There is no scale to tell."""
    assert "throughput" not in compare([(block([5.0]), Block(Histogram(), 0, 1.0))] * 5).ratios


def test_json_is_read_back() -> None:
    """But for the fourth digit."""
    found = compare(pairs(2, 8, 100))
    again = Comparison.from_json(json.loads(json.dumps(found.to_json())))
    assert again.to_json() == found.to_json()
    assert again.ratios["p50"].low == pytest.approx(found.ratios["p50"].low, rel=1e-3)


def _holding(seeds: range, count: int, answers: int) -> dict[str, tuple[int, int]]:
    """For each ratio: how many intervals of A/A runs hold 1, of how many."""
    held: dict[str, tuple[int, int]] = {}
    for seed in seeds:
        for name, item in compare(pairs(seed, count, answers)).ratios.items():
            hits, runs = held.get(name, (0, 0))
            held[name] = (hits + (item.low <= 1 <= item.high), runs + 1)
    return held


def test_two_equal_sides_are_mostly_told_to_be_equal() -> None:
    """Of 30 A/A runs on a noisy machine at least 25 intervals hold 1: about 95 % do."""
    assert all(hits >= runs * 0.83 for hits, runs in _holding(range(30), 12, 40).values())


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("count", "answers"), [(8, 60), (12, 200), (24, 60)])
def test_intervals_of_equal_sides_hold_one_at_the_nominal_rate(count: int, answers: int) -> None:
    """Of 150 A/A runs, 89 to 100 % of the 95 % intervals hold 1, for every ratio."""
    for name, (hits, runs) in _holding(range(1000, 1150), count, answers).items():
        assert hits / runs >= 0.89, (name, hits, runs)
