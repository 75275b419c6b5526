"""A mix of routes: how often each is called for every other, and which are left out for what reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from loadtests.catalogue import refusal

if TYPE_CHECKING:
    import random
    from collections.abc import Collection, Mapping

    from gateway.core.table import RouteTable


@dataclass(frozen=True)
class Mix:
    """Weights of the routes that are called; `left_out` has a reason for each that is not.

    `whole` is the share of what was observed that is called, 0 to 1.
    """

    weights: Mapping[str, float]
    left_out: Mapping[str, str] = field(default_factory=dict)
    whole: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "_routes", tuple(self.weights))
        object.__setattr__(self, "_steps", tuple(accumulate(self.weights.values())))

    @property
    def shares(self) -> dict[str, float]:
        """What part of the calls each route gets; the values sum to 1."""
        total = sum(self.weights.values())
        return {route: weight / total for route, weight in self.weights.items()}

    def draw(self, chance: random.Random) -> str:
        """The route of the next call."""
        routes: tuple[str, ...] = self._routes  # type: ignore[attr-defined]  # set above
        drawn: str = chance.choices(routes, cum_weights=self._steps)[0]  # type: ignore[attr-defined]
        return drawn


def mix_of(
    counts: Mapping[str, float], table: RouteTable, *, writes: bool, key: bool, left_out: Collection[str] = ()
) -> Mix:
    """The mix that was observed, less what may not or cannot be called."""
    reasons = {
        route: reason
        for route in counts
        if (reason := refusal(table, route, writes=writes, key=key, left_out=left_out))
    }
    weights = {route: count for route, count in counts.items() if route not in reasons and count > 0}
    seen = sum(counts.values())
    return Mix(weights, reasons, sum(weights.values()) / seen if seen else 0.0)
