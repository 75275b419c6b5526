"""Two sequences aligned: what stands against what."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

NOWHERE = -1
_MOST = 400

Alignment = list[tuple[int, int]]
"""Pairs of positions, legacy's first; `NOWHERE` where the other side has nothing there."""


def reordered(legacy: list[str], gateway: list[str]) -> bool:
    """Whether both hold the same items in different orders."""
    return legacy != gateway and Counter(legacy) == Counter(gateway)


def unequal(legacy: list[str], gateway: list[str]) -> Alignment:
    """Positions whose items differ; equal ones are left out.

    Between the equal beginning and the equal end, long sequences are compared by position.
    """
    return [(a, b) for a, b in pairs(legacy, gateway) if NOWHERE in {a, b} or legacy[a] != gateway[b]]


def pairs(legacy: list[str], gateway: list[str]) -> Alignment:
    """What of one stands against what of the other, equal items among them, in order."""
    start = _common(legacy, gateway)
    end = _common(legacy[start:][::-1], gateway[start:][::-1])
    left, right = legacy[start : len(legacy) - end], gateway[start : len(gateway) - end]
    middle = [place for ours, theirs in _blocks(left, right) for place in _paired(ours, theirs, start)]
    tail = [(len(legacy) - at, len(gateway) - at) for at in range(end, 0, -1)]
    return [*((at, at) for at in range(start)), *middle, *tail]


def _blocks(left: list[str], right: list[str]) -> list[tuple[range, range]]:
    if max(len(left), len(right)) > _MOST:
        return [(range(len(left)), range(len(right)))]
    codes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [(range(a, b), range(c, d)) for _, a, b, c, d in codes]


def _paired(left: range, right: range, start: int) -> Alignment:
    both = min(len(left), len(right))
    return [
        *((a + start, b + start) for a, b in zip(left[:both], right[:both], strict=True)),
        *((at + start, NOWHERE) for at in left[both:]),
        *((NOWHERE, at + start) for at in right[both:]),
    ]


def _common(left: list[str], right: list[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count
