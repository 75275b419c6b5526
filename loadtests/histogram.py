"""A latency histogram: exact counts in buckets 1 % wide, so that merging loses nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WIDTH = math.log(1.01)
_SMALLEST = 0.01


@dataclass(slots=True)
class Histogram:
    """Counts of milliseconds by bucket; a quantile read from it is within 1 % of the sample's."""

    counts: dict[int, int] = field(default_factory=dict)

    def add(self, milliseconds: float) -> None:
        """Count one latency; what is below 10 microseconds counts as that."""
        bucket = math.floor(math.log(max(milliseconds, _SMALLEST) / _SMALLEST) / _WIDTH)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def merge(self, other: Histogram) -> None:
        """Add the other's sample."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def without(self, part: Histogram) -> Histogram:
        """The sample less a part of it."""
        left = {bucket: count - part.counts.get(bucket, 0) for bucket, count in self.counts.items()}
        return Histogram({bucket: count for bucket, count in left.items() if count > 0})

    def above(self, milliseconds: float) -> int:
        """How many latencies were longer, to within 1 %."""
        bound = math.log(max(milliseconds, _SMALLEST) / _SMALLEST) / _WIDTH
        return sum(count for bucket, count in self.counts.items() if bucket > bound)

    @property
    def total(self) -> int:
        """How many latencies were counted."""
        return sum(self.counts.values())

    def quantile(self, share: float) -> float:
        """The smallest latency in milliseconds that at least `share` of the sample does not exceed; 0 when empty."""
        wanted, seen = max(1, math.ceil(share * self.total)), 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return round(_SMALLEST * math.exp((bucket + 0.5) * _WIDTH), 3)
        return 0.0

    def to_json(self) -> dict[str, int]:
        """Bucket number to count; `from_json` reads it back unchanged."""
        return {str(bucket): count for bucket, count in sorted(self.counts.items())}

    @classmethod
    def from_json(cls, value: Mapping[str, int]) -> Self:
        """The inverse of `to_json`."""
        return cls({int(bucket): count for bucket, count in value.items()})


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """One histogram over all samples."""
    out = Histogram()
    for histogram in histograms:
        out.merge(histogram)
    return out
