"""Points of a chart over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Point:
    """One slice: when it began, which side had the load, what came of it; latencies in milliseconds."""

    begin: float
    side: str
    requests: int
    failures: int
    rps: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def to_json(self) -> list[Any]:
        """The values in the order of the fields: a run has many points."""
        return [
            round(self.begin, 2),
            self.side,
            self.requests,
            self.failures,
            round(self.rps, 2),
            self.p50_ms,
            self.p95_ms,
            self.p99_ms,
        ]
