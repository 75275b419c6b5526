from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from loadtests.histogram import Histogram, merged

LATENCIES = st.lists(st.floats(0.01, 100_000), min_size=1, max_size=200)


def filled(values: list[float]) -> Histogram:
    """A histogram of these milliseconds."""
    out = Histogram()
    for value in values:
        out.add(value)
    return out


@given(LATENCIES, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_quantiles_are_within_one_percent(values: list[float], share: float) -> None:
    """A quantile lies within 1 % of the sample's own."""
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    assert abs(filled(values).quantile(share) - exact) <= 0.01 * exact + 0.001


@given(LATENCIES, LATENCIES)
def test_merging_is_the_same_as_counting_together(first: list[float], second: list[float]) -> None:
    """Nothing is lost when histograms are merged."""
    assert merged([filled(first), filled(second)]) == filled(first + second)


@given(LATENCIES)
def test_the_json_round_trip_keeps_everything(values: list[float]) -> None:
    """What is written is read back unchanged."""
    histogram = filled(values)
    assert Histogram.from_json(json.loads(json.dumps(histogram.to_json()))) == histogram
    assert histogram.total == len(values)


def test_an_empty_histogram_has_no_quantile() -> None:
    """Nothing counted reads as 0."""
    assert Histogram().quantile(0.5) == 0.0


def test_merging_in_place_adds_the_samples() -> None:
    """What both counted is in the one, and the other is as it was."""
    ours, theirs = Histogram({1: 2}), Histogram({1: 1, 5: 3})
    ours.merge(theirs)
    assert (ours.counts, theirs.counts) == ({1: 3, 5: 3}, {1: 1, 5: 3})
