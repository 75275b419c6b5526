"""Tallies for tests: whole runs, simulated slice by slice."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from loadtests.series import Series
from loadtests.slices import side_of
from loadtests.tally import Place, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Latency = Callable[[random.Random, int, str, str], float]
    """Milliseconds of one answer, from dice, slice, side and route."""


def run(
    latency: Latency,
    *,
    sides: Sequence[str] = ("gateway",),
    routes: Sequence[str] = ("a.list",),
    slices: int = 24,
    answers: int = 30,
    failing: Mapping[str, float] | None = None,
    timings: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Series:
    """A run of slices of 1 s: so many answers of each route in each; `failing` is the share that fails, by side."""
    dice, tally = random.Random(seed), Tally()
    for number in range(slices):
        side = side_of(number, sides)
        for route in routes:
            for _ in range(answers):
                error = "HTTP 503" if dice.random() < (failing or {}).get(side, 0) else ""
                tally.count(Place(number, side, route), latency(dice, number, side, route), error, timings)
    return Series(tally, sides, 1.0, float(slices))


def around(middle: float) -> Latency:
    """Latencies about this many milliseconds, with a tail."""
    return lambda dice, *_: middle * dice.lognormvariate(0, 0.3)


def later(middle: float, more: float) -> Latency:
    """Legacy about this many milliseconds, the gateway so many more."""
    return lambda dice, _number, side, _route: middle * dice.lognormvariate(0, 0.3) + (side == "gateway") * more
