"""Figures over inference logs."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from migrate.demo.platform.filtration.figures import buckets, succeeded, summary, top
from migrate.demo.platform.rows import InferenceLog

NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the platform's times have no zone


def log(status: int = 200, *, minutes: int = 0, model: str = "m", latency: int = 1000) -> InferenceLog:
    """One log with ten completion tokens."""
    return InferenceLog(
        "id", "d", "u", model, None, None, NOON + timedelta(minutes=minutes),
        latency, None, 10.0, 5, 10, 15, status,
    )  # fmt: skip


def test_throughput_is_over_the_time_spent_answering() -> None:
    """Two answers of one second each are 60 a minute and ten tokens a second."""
    figures = summary([log(), log(500)])
    assert figures["totals"]["success_rate"] == 50.0
    assert figures["latency_ms"] == {"avg": 1000.0}
    assert figures["throughput"] == {
        "requests_per_minute": 60.0,
        "tokens_per_second": 10.0,
        "avg_tokens_per_second": 10.0,
    }


def test_nothing_is_zero() -> None:
    """Without logs every figure is a zero of its type."""
    figures = summary([])
    assert figures["totals"]["requests"] == 0
    assert figures["throughput"]["requests_per_minute"] == 0.0
    assert buckets([], "day") == []


def test_buckets_are_hours_or_days() -> None:
    """Two logs an hour apart are two hours and one day."""
    logs = [log(minutes=61), log()]
    assert [row["bucket_start"] for row in buckets(logs, "hour")] == ["2026-01-01T12:00:00", "2026-01-01T13:00:00"]
    assert [row["requests"] for row in buckets(logs, "day")] == [2]


def test_the_busiest_stand_first() -> None:
    """By requests, then by name, cut at the limit; a null is left out."""
    logs = [log(model="b"), log(model="a"), log(model="c"), log(model="c")]
    assert [row["model"] for row in top(logs, "model", 2)] == ["c", "a"]
    assert top(logs, "ip_address", 5) == []


@given(st.lists(st.sampled_from([200, 400, 500]), max_size=20))
def test_parts_add_up(statuses: list[int]) -> None:
    """Successes and failures are all requests, in total and over buckets."""
    logs = [log(status, minutes=40 * index) for index, status in enumerate(statuses)]
    totals = summary(logs)["totals"]
    assert totals["successful_requests"] + totals["failed_requests"] == totals["requests"] == len(logs)
    assert sum(row["requests"] for row in buckets(logs, "hour")) == len(logs)
    assert sum(map(succeeded, logs)) == totals["successful_requests"]
