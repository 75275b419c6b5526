"""Metrics."""

from __future__ import annotations

from gateway.metrics import BOUNDS, Metrics


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


def test_text_is_prometheus() -> None:
    """Counters, cumulative histograms and gauges come with type lines and escaped labels."""
    metrics = Metrics()
    metrics.count("cutover_requests_total", route='a"\\\n')
    metrics.observe("cutover_request_seconds", 0.02, route="a")
    metrics.observe("cutover_request_seconds", 1000, route="a")
    lines = metrics.text({"cutover_flags_revision": 7}).splitlines()
    assert 'cutover_requests_total{route="a\\"\\\\\\n"} 1' in lines
    assert 'cutover_request_seconds_bucket{route="a",le="0.01"} 0' in lines
    assert 'cutover_request_seconds_bucket{route="a",le="0.025"} 1' in lines
    assert 'cutover_request_seconds_bucket{route="a",le="+Inf"} 2' in lines
    assert 'cutover_request_seconds_count{route="a"} 2' in lines
    assert "cutover_flags_revision 7" in lines
    assert len([line for line in lines if "_bucket" in line]) == len(BOUNDS) + 1


def test_metric_without_labels_has_no_braces() -> None:
    """A counter without labels is a bare name."""
    metrics = Metrics()
    metrics.count("cutover_sockets_total")
    assert "cutover_sockets_total 1" in metrics.text({}).splitlines()
