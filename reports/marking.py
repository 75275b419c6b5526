"""Where two values part: what stands before and after is common."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marked:
    """Two values cut at the places where they part; `before + legacy + after` is the legacy value."""

    before: str
    legacy: str
    gateway: str
    after: str


def mark(legacy: str, gateway: str) -> Marked:
    """The longest common beginning, then the longest common end of the rest."""
    start = _common(legacy, gateway)
    rest = (legacy[start:], gateway[start:])
    end = _common(rest[0][::-1], rest[1][::-1])
    parted = [text[: len(text) - end] for text in rest]
    return Marked(legacy[:start], parted[0], parted[1], rest[0][len(rest[0]) - end :])


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
