"""Metrics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.metrics import BOUNDS, Metrics, series, status_of
from tests.apps.exposition import parse


def test_counters_sum_over_the_labels_that_are_not_named() -> None:
    """A value is the sum over all label sets that include the asked ones."""
    metrics = Metrics()
    metrics.count("cutover_requests_total", route="a", status="200")
    metrics.count("cutover_requests_total", route="a", status="500")
    metrics.count("cutover_requests_total", route="b", status="200")
    assert metrics.value("cutover_requests_total") == 3
    assert metrics.value("cutover_requests_total", route="a") == 2
    assert metrics.value("cutover_requests_total", route="a", status="200") == 1
    assert metrics.value("cutover_requests_total", route="c") == 0


@given(st.text(), st.lists(st.floats(0, 100), min_size=1))
def test_text_is_prometheus_whatever_the_values(label: str, observed: list[float]) -> None:
    """A strict reader gets back what was counted: escaped labels, cumulative buckets, values of the moment."""
    metrics = Metrics()
    metrics.count("cutover_limited_total", limit=label)
    for seconds in observed:
        metrics.observe("cutover_upstream_seconds", seconds, service="s")
    families = parse(metrics.text({"cutover_flags_revision": 7, series("cutover_circuit_state", service=label): 2}))
    assert families["cutover_limited_total"].value(limit=label or "none") == 1
    assert families["cutover_circuit_state"].value(service=label or "none") == 2
    assert families["cutover_flags_revision"].value() == 7
    seen = families["cutover_upstream_seconds"]
    assert seen.value("_count", service="s") == len(observed)
    assert seen.value("_sum", service="s") == pytest.approx(sum(observed), abs=1e-5)
    assert len([1 for suffix, _ in seen.samples if suffix == "_bucket"]) == len(BOUNDS) + 1


def test_observation_counts_from_its_bound_on() -> None:
    """A bucket holds what took as long as its bound or less."""
    metrics = Metrics()
    metrics.observe("cutover_upstream_seconds", 0.0025, service="s")
    metrics.observe("cutover_upstream_seconds", 1000, service="s")
    seen = parse(metrics.text({}))["cutover_upstream_seconds"]
    assert [seen.value("_bucket", le=bound) for bound in ("0.001", "0.0025", "75.0", "+Inf")] == [0, 1, 1, 2]


def test_what_never_happened_is_not_told() -> None:
    """A metric without a sample has no lines at all."""
    metrics = Metrics()
    metrics.histogram("cutover_event_loop_lag_seconds")
    assert metrics.text({}).strip() == ""


def test_answers_of_one_kind_share_their_numbers() -> None:
    """What is found quickly is what is told: one set of numbers for each route, stage and status."""
    metrics = Metrics()
    assert metrics.served("r", "served", 200) is metrics.served("r", "served", 200)
    metrics.served("r", "served", 200).sent.value += 5
    metrics.served("r", "served", 404).sent.value += 6
    assert metrics.value("cutover_sent_bytes_total", route="r") == 11
    assert metrics.asked("s", 0) is metrics.asked("s", 0)
    metrics.asked("s", 0).answers.value += 1
    assert metrics.value("cutover_upstream_requests_total", status="none") == 1


def test_a_service_makes_up_no_label() -> None:
    """A status that HTTP does not have is one value."""
    assert [status_of(status) for status in (0, 99, 600, 999)] == ["none"] * 4
    assert [status_of(status) for status in (100, 599)] == ["100", "599"]
