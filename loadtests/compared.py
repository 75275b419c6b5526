"""The gateway beside legacy: ratios with intervals, from neighbouring slices of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from loadtests.blocks import Column, draws, spread
from loadtests.intervals import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loadtests.blocks import Block, Weights

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_ENOUGH = 10
"""Answers beyond a quantile, on each side, below which it says nothing."""

Pair = tuple["Block", "Block"]
"""Two neighbouring slices: legacy's, then the gateway's."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Gateway beside legacy, each with its interval; what too few answers could tell is absent.

    `ratios` are gateway over legacy by `p50`, `p95`, `p99` and `throughput`; `added` are milliseconds that the
    gateway takes longer, by `p50`, `p95`, `p99`; `errors` is how much greater its failures per request are.
    """

    pairs: int
    ratios: Mapping[str, Interval]
    added: Mapping[str, Interval]
    errors: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Intervals as lists of value, lower and upper bound."""
        return {
            "pairs": self.pairs,
            "ratios": {name: _listed(item) for name, item in self.ratios.items()},
            "added_ms": {name: _listed(item) for name, item in self.added.items()},
            "errors": _listed(self.errors) if self.errors else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`, but for rounding."""
        return cls(
            value["pairs"],
            {name: Interval(*item) for name, item in value["ratios"].items()},
            {name: Interval(*item) for name, item in value["added_ms"].items()},
            Interval(*value["errors"]) if value["errors"] else None,
        )


def compare(pairs: Sequence[Pair]) -> Comparison:
    """What pairs of neighbouring slices say; a pair without an answer on either side says nothing of latency."""
    heard = [pair for pair in pairs if pair[0].histogram.total and pair[1].histogram.total]
    count = len(heard)
    legacy, gateway = (Column([pair[side] for pair in heard]) for side in (0, 1))
    fewest = min(sum(block.histogram.total for block in side.blocks) for side in (legacy, gateway))
    ratios: dict[str, Interval | None] = {}
    added: dict[str, Interval | None] = {}
    for name, share in SHARES.items():
        if fewest * (1 - share) < _ENOUGH:
            continue
        both = [(legacy.quantile(drawn, share), gateway.quantile(drawn, share)) for drawn in draws(count)]
        ratios[name] = spread([ours / theirs if theirs else 0.0 for theirs, ours in both], count, positive=True)
        added[name] = spread([ours - theirs for theirs, ours in both], count, positive=False)
    ratios["throughput"] = _throughput(pairs)
    return Comparison(count, _found(ratios), _found(added), _errors(legacy, gateway))


def _throughput(pairs: Sequence[Pair]) -> Interval | None:
    legacy, gateway = (Column([pair[side] for pair in pairs]) for side in (0, 1))

    def measure(drawn: Weights) -> float:
        rates = [side.answers(drawn) / (side.seconds(drawn) or 1.0) for side in (legacy, gateway)]
        return rates[1] / rates[0] if rates[0] else 0.0

    return spread([measure(drawn) for drawn in draws(len(pairs))], len(pairs), positive=True)


def _errors(legacy: Column, gateway: Column) -> Interval | None:
    def measure(drawn: Weights) -> float:
        shares = [side.failures(drawn) / (side.answers(drawn) or 1) for side in (legacy, gateway)]
        return shares[1] - shares[0]

    count = len(legacy.blocks)
    return spread([measure(drawn) for drawn in draws(count)], count, positive=False)


def _found(measured: Mapping[str, Interval | None]) -> dict[str, Interval]:
    return {name: item for name, item in measured.items() if item}


def _listed(item: Interval) -> list[float]:
    return [float(f"{bound:.4g}") for bound in (item.value, item.low, item.high)]
