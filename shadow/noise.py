"""What one sampled second read of legacy teaches about noise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.noise import Noise, Place, place_of
from gateway.store.noise import Lesson, Seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.observation import Difference

Learned = Mapping[tuple[str, str, Place], Noise]
"""Counts by route, route digest and place."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where legacy's second answer, and the gateway's, differed from legacy's first, and what of it is breaking."""

    legacy: Iterable[Difference] = ()
    gateway: Iterable[Difference] = ()
    breaking: Iterable[Difference] = ()


def lesson(route: str, digest: str, differing: Places, *, at: float, reads: int) -> Lesson:
    """What one pair of answers teaches; `reads` is 1 where legacy was asked twice for a sample, else 0."""
    sides = (differing.legacy, differing.gateway, differing.breaking)
    itself, other, barred = ({_place(one) for one in side} for side in sides)
    places = {
        place: Seen(place in itself, place in other, place in barred)
        for place in sorted(itself | other | barred, key=lambda one: (one.location, one.pattern, one.kind))
    }
    return Lesson(route, digest, at, places, reads)


def _place(difference: Difference) -> Place:
    return place_of(difference.location, difference.path, difference.kind)
