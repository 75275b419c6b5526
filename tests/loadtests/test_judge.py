from __future__ import annotations

import pytest

from loadtests.judge import ENOUGH, Objectives, judge
from loadtests.results import RouteFigures
from tests.loadtests.figures import figures, side

DEFAULT = Objectives()


def test_a_healthy_run_has_no_reasons() -> None:
    """Quick answers without errors pass."""
    assert judge({"gateway": side(figures("a"), figures("b"))}, DEFAULT) == ()


def test_errors_name_route_rate_and_reason() -> None:
    """A route that fails one in ten is named with its rate and the commonest reason; others are not."""
    reasons = judge({"gateway": side(figures("good"), figures("bad", timeout=1, HTTP_503=9))}, DEFAULT)
    assert reasons == ("bad: error rate 10.0% exceeds 1.0% (10 of 100, mostly HTTP_503)",)


def test_the_objective_itself_is_allowed() -> None:
    """Exactly the allowed error rate passes."""
    assert judge({"gateway": side(figures("a", 100, HTTP_503=1))}, DEFAULT) == ()


def test_slowness_names_route_and_percentile() -> None:
    """A route whose 95th percentile is too late is named with both numbers."""
    (reason,) = judge({"gateway": side(figures("slow", milliseconds=800), figures("quick"))}, DEFAULT)
    assert reason.startswith("slow: p95 ")
    assert reason.endswith("exceeds the p95 objective, 500 ms")


@pytest.mark.parametrize(("slow", "failed"), [(1, False), (12, True)])
def test_few_answers_are_judged_by_their_median(slow: int, failed: bool) -> None:  # noqa: FBT001 - a parameter of the case
    """Below 20 answers one late answer is no 95th percentile, but a late median is."""
    mixed = figures("rare", ENOUGH - 1 - slow)
    for _ in range(slow):
        mixed.histogram.add(900)
    rare = RouteFigures("rare", ENOUGH - 1, 0, {}, mixed.histogram)
    reasons = judge({"gateway": side(rare)}, DEFAULT)
    assert bool(reasons) is failed
    assert all("of only 19 answers" in reason for reason in reasons)


@pytest.mark.parametrize("sides", [{}, {"gateway": side()}])
def test_nothing_answered_never_passes(sides: dict[str, object]) -> None:
    """Missing data is a failure, not a pass."""
    assert judge(sides, DEFAULT) == ("not one request was answered, so nothing is proven",)  # type: ignore[arg-type]


def test_legacy_is_only_the_baseline_where_both_are_loaded() -> None:
    """Errors of legacy do not fail the gateway; alone, legacy is judged itself."""
    broken = side(figures("a", HTTP_500=50))
    assert judge({"legacy": broken, "gateway": side(figures("a"))}, DEFAULT) == ()
    assert judge({"legacy": broken}, DEFAULT)


@pytest.mark.parametrize(("limit", "count"), [(None, 0), (3.5, 0), (2.5, 1)])
def test_the_ratio_to_legacy_is_judged_when_asked(limit: float | None, count: int) -> None:
    """A gateway three times slower passes without a bound or below it, and fails above it."""
    sides = {"legacy": side(figures("a", milliseconds=10)), "gateway": side(figures("a", milliseconds=30))}
    assert len(judge(sides, Objectives(max_ratio=limit))) == count
