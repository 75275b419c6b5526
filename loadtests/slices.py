"""Which side is under load when: short alternating slices, so that a machine's drift falls on both sides alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def side_at(elapsed: float, sides: Sequence[str], length: float) -> str:
    """The side under load after `elapsed` seconds.

    With two sides the order is first, second, second, first and so on: a steady drift then cancels too.
    """
    return sides[_index(int(elapsed / length)) % len(sides)]


def seconds_each(elapsed: float, sides: Sequence[str], length: float) -> dict[str, float]:
    """How long each side was under load in `elapsed` seconds; the values sum to it."""
    out = dict.fromkeys(sides, 0.0)
    whole = int(elapsed / length)
    for number in range(whole):
        out[side_at((number + 0.5) * length, sides, length)] += length
    out[side_at(elapsed, sides, length)] += elapsed - whole * length
    return out


def _index(number: int) -> int:
    return (0, 1, 1, 0)[number % 4]
