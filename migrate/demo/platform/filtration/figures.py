"""Pure figures over inference logs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from migrate.demo.platform.values import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from migrate.demo.platform.rows import InferenceLog

_FAILED = 400


def succeeded(row: InferenceLog) -> bool:
    """Whether the status is below 400: a stream that broke after its 200 counts as a success."""
    return row.status_code < _FAILED


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept) if kept else 0.0


def _rate(logs: Sequence[InferenceLog]) -> float:
    return 100.0 * sum(map(succeeded, logs)) / len(logs) if logs else 0.0


def summary(logs: Sequence[InferenceLog]) -> dict[str, Any]:
    """Totals, mean latency, and throughput over the time spent answering."""
    good = sum(map(succeeded, logs))
    seconds = sum(row.latency_ms or 0 for row in logs) / 1000
    completion = sum(row.completion_tokens for row in logs)
    return {
        "totals": {
            "requests": len(logs),
            "successful_requests": good,
            "failed_requests": len(logs) - good,
            "success_rate": _rate(logs),
            "prompt_tokens": sum(row.prompt_tokens for row in logs),
            "completion_tokens": completion,
            "total_tokens": sum(row.total_tokens for row in logs),
        },
        "latency_ms": {"avg": _mean(row.latency_ms for row in logs if row.latency_ms is not None)},
        "throughput": {
            "requests_per_minute": len(logs) / (seconds / 60) if seconds else 0.0,
            "tokens_per_second": completion / seconds if seconds else 0.0,
            "avg_tokens_per_second": _mean(
                row.tokens_per_second for row in logs if row.tokens_per_second is not None
            ),
        },
    }


def buckets(logs: Sequence[InferenceLog], granularity: str) -> list[dict[str, Any]]:
    """One entry per hour or day that has logs, oldest first."""
    groups = defaultdict(list)
    for row in logs:
        start = row.created_at.replace(minute=0, second=0, microsecond=0)
        groups[start if granularity == "hour" else start.replace(hour=0)].append(row)
    return [
        {
            "bucket_start": stamp(start),
            "requests": len(rows),
            "failed_requests": len(rows) - sum(map(succeeded, rows)),
            "success_rate": _rate(rows),
            "prompt_tokens": sum(row.prompt_tokens for row in rows),
            "completion_tokens": sum(row.completion_tokens for row in rows),
            "total_tokens": sum(row.total_tokens for row in rows),
            "avg_latency_ms": _mean(row.latency_ms for row in rows if row.latency_ms is not None),
        }
        for start, rows in sorted(groups.items())
    ]


def top(logs: Sequence[InferenceLog], name: str, limit: int) -> list[dict[str, Any]]:
    """Requests, success rate and tokens per value of a column, busiest first."""
    groups = defaultdict(list)
    for row in logs:
        groups[getattr(row, name)].append(row)
    ranked = sorted(groups.items(), key=lambda group: (-len(group[1]), str(group[0])))
    return [
        {
            name: value,
            "requests": len(rows),
            "success_rate": _rate(rows),
            "total_tokens": sum(row.total_tokens for row in rows),
        }
        for value, rows in ranked[:limit]
        if value is not None
    ]
