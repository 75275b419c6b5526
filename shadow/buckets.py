"""Counted buckets: every primary request lands in exactly one, and they sum to all of them at any time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gateway.core.observation import Bucket
from gateway.store.counts import Served

if TYPE_CHECKING:
    from gateway.store.counts import BucketKey


@dataclass(slots=True)
class Ledger:
    """Where primary requests stand. `total` is counted on its own, so that a sum can be held against it."""

    total: int = 0
    counts: Counter[BucketKey] = field(default_factory=Counter)

    def open(self, route: str) -> None:
        """A request came in; it is pending until it is settled."""
        self.total += 1
        self.counts[route, Bucket.PENDING, ""] += 1

    def settle(self, route: str, bucket: Bucket, reason: str = "") -> None:
        """A pending request of this route lands in its bucket.

        Raises:
            ValueError: none of this route is pending, so that it would be counted twice.
        """
        pending: BucketKey = (route, Bucket.PENDING, "")
        if self.counts[pending] < 1:
            raise ValueError(f"nothing of {route or 'no route'} is pending")
        self.counts[pending] -= 1
        if not self.counts[pending]:
            del self.counts[pending]
        self.counts[route, bucket, reason] += 1

    def close(self, reason: str) -> None:
        """Whatever is still pending will never be compared: it is shed."""
        for key in [key for key in self.counts if key[1] == Bucket.PENDING]:
            self.counts[key[0], Bucket.SHED, reason] += self.counts.pop(key)

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back unchanged."""
        return {"total": self.total, "counts": [[*key, count] for key, count in self.counts.items()]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(value["total"], Counter({(row[0], row[1], row[2]): row[3] for row in value["counts"]}))


class Tally:
    """What each side served by route and minute; handed on as differences, so that nothing is counted twice."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, int], list[float]] = {}

    def add(self, route: str, side: str, *, at: float, seconds: float, error: bool, fallback: bool = False) -> None:
        """One answer that reached the client; `error` means a 5xx or none at all."""
        entry = self._entries.setdefault((route, side, int(at // 60)), [0, 0, 0, 0.0])
        entry[0] += 1
        entry[1] += error
        entry[2] += fallback
        entry[3] += seconds

    def take(self) -> list[Served]:
        """What was added since the last call."""
        taken = [
            Served(*key, int(requests), int(errors), int(fallbacks), seconds)
            for key, (requests, errors, fallbacks, seconds) in self._entries.items()
        ]
        self._entries = {}
        return taken


class Sampler:
    """Takes an even share of each route's requests, the first one always."""

    def __init__(self) -> None:
        self._owed: dict[str, float] = {}

    def take(self, route: str, share: float) -> bool:
        """Whether this request is in the share; `share` is 0 to 1."""
        if share >= 1:
            return True
        owed = self._owed.get(route, 1 - share) + share
        taken = share > 0 and owed >= 1 - 1e-9
        self._owed[route] = owed - 1 if taken else owed
        return taken
