"""A tally as a course of slices: blocks to judge by, pairs to compare, points to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.blocks import Block
from loadtests.histogram import Histogram
from loadtests.points import Point
from loadtests.results import GATEWAY, LEGACY
from loadtests.slices import side_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from loadtests.compared import Pair
    from loadtests.tally import Count, Place, Tally


class Series:
    """The slices of a run that lasted `elapsed` seconds, each `length` long, the last one perhaps shorter."""

    def __init__(self, tally: Tally, sides: Sequence[str], length: float, elapsed: float) -> None:
        self.tally, self.sides, self.length, self.elapsed = tally, tuple(sides), length, elapsed
        self.whole = int(elapsed / length + 1e-6)
        self._by_slice: dict[int, list[tuple[Place, Count]]] = {}
        for place, count in tally.counts.items():
            self._by_slice.setdefault(place.slice, []).append((place, count))

    def block(self, number: int, routes: Collection[str] | None = None, timing: str = "") -> Block:
        """A slice as a block, of some routes or all; with a `timing`, its milliseconds instead of the answers'."""
        histogram, failures = Histogram(), 0
        for place, count in self.of(number):
            if routes is None or place.route in routes:
                histogram.merge(count.timings.get(timing, Histogram()) if timing else count.histogram)
                failures += sum(count.errors.values())
        return Block(histogram, failures, self.seconds(number))

    def blocks(
        self,
        side: str,
        routes: Collection[str] | None = None,
        timing: str = "",
        *,
        among: Callable[[float], bool] = lambda _: True,
    ) -> list[Block]:
        """Every whole slice of a side in order, of those whose beginning is `among` the wanted ones."""
        return [
            self.block(number, routes, timing)
            for number in range(self.whole)
            if side_of(number, self.sides) == side and among(number * self.length)
        ]

    def rest(
        self, side: str, routes: Collection[str] | None = None, *, among: Callable[[float], bool] = lambda _: True
    ) -> list[Block]:
        """What the whole slices leave out: the last one, cut short, if it was this side's."""
        if side_of(self.whole, self.sides) != side or not among(self.whole * self.length):
            return []
        return [self.block(self.whole, routes)]

    def of(self, number: int) -> Sequence[tuple[Place, Count]]:
        """What was counted in a slice, by side and route."""
        return self._by_slice.get(number, ())

    def pairs(
        self, routes: Collection[str] | None = None, *, among: Callable[[float], bool] = lambda _: True
    ) -> list[Pair]:
        """Whole neighbouring slices of legacy and the gateway, in this order within a pair."""
        out = []
        for number in range(0, self.whole - 1, 2):
            if among(number * self.length) and among((number + 1) * self.length):
                found = {side_of(each, self.sides): self.block(each, routes) for each in (number, number + 1)}
                if LEGACY in found and GATEWAY in found:
                    out.append((found[LEGACY], found[GATEWAY]))
        return out

    def seconds(self, number: int) -> float:
        """How long a slice lasted."""
        return max(0.0, min(self.length, self.elapsed - number * self.length))

    def points(self) -> list[Point]:
        """Every slice in order, for a chart; a side's silence is a point too."""
        out = []
        for number in range(max(self.whole + 1, max(self._by_slice, default=-1) + 1)):
            block = self.block(number)
            if block.histogram.total or number < self.whole:
                quantiles = [block.histogram.quantile(share) for share in (0.5, 0.95, 0.99)]
                rps = block.histogram.total / block.seconds if block.seconds else 0.0
                side = side_of(number, self.sides)
                out.append(Point(number * self.length, side, block.histogram.total, block.failures, rps, *quantiles))
        return out
