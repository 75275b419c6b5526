"""Which side is under load when: short alternating slices, so that a machine's drift falls on both sides alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def number_at(elapsed: float, length: float) -> int:
    """The number of the slice, from 0, that runs after `elapsed` seconds."""
    return int(elapsed / length)


def side_of(number: int, sides: Sequence[str]) -> str:
    """The side under load in the slice of this number.

    With two sides the order is first, second, second, first and so on: a steady drift then cancels too.
    """
    return sides[(0, 1, 1, 0)[number % 4] % len(sides)]


def side_at(elapsed: float, sides: Sequence[str], length: float) -> str:
    """The side under load after `elapsed` seconds."""
    return side_of(number_at(elapsed, length), sides)


def seconds_each(elapsed: float, sides: Sequence[str], length: float) -> dict[str, float]:
    """How long each side was under load in `elapsed` seconds; the values sum to it."""
    out = dict.fromkeys(sides, 0.0)
    whole = number_at(elapsed, length)
    for number in range(whole):
        out[side_of(number, sides)] += length
    out[side_of(whole, sides)] += elapsed - whole * length
    return out
