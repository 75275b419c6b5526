"""Simulated slices: latencies of a machine whose noise comes in waves that outlast a slice."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from loadtests.blocks import Block
from loadtests.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadtests.compared import Pair


def block(values: Iterable[float], failures: int = 0, seconds: float = 1.0) -> Block:
    """A slice with answers of these milliseconds."""
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return Block(histogram, failures, seconds)


def pairs(
    seed: int, count: int = 12, answers: int = 60, *, slower: float = 1.0, later: float = 0.0, failing: float = 0.0
) -> list[Pair]:
    """Pairs of legacy's and the gateway's slices, in the order legacy, gateway, gateway, legacy.

    The gateway is so many times slower, so many milliseconds later, and so great a share of its answers fails.
    """
    dice, level = random.Random(seed), 0.0

    def one(factor: float, more: float, share: float) -> Block:
        nonlocal level
        level = 0.8 * level + dice.gauss(0, 0.2)
        number = dice.randint(answers // 2, answers * 3 // 2)
        values = [factor * 5 * math.exp(level + dice.gauss(0, 0.6)) + more for _ in range(number)]
        return block(values, sum(dice.random() < share for _ in values))

    out = []
    for number in range(count):
        if number % 2:
            gateway = one(slower, later, failing)
            out.append((one(1, 0, 0), gateway))
        else:
            legacy = one(1, 0, 0)
            out.append((legacy, one(slower, later, failing)))
    return out
