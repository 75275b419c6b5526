"""How near two differing values are by what they mean: noted with each difference, for rules that name a meaning."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.alike import APART, INSTANTS, PLACES, SHARES, joined
from gateway.core.comparing import Like, Meaning
from gateway.core.observation import DifferenceKind
from shadow.diff.meaning import same, unpartnered
from shadow.normalise.instant import instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shadow.diff.found import Found

_LONGEST = 64
"""Characters of a text that may be a time."""
_EARLIEST = 1e8
"""Smaller numbers (before 1973 in seconds) are counts, not times."""
_DOTS = 2
"""Between the parts of a JWT (RFC 7519 §3)."""


def noted(found: Iterable[Found]) -> list[Found]:
    """The differences of one pair, each with how near its values are; a UUID only while it has one partner."""
    each = [replace(one, alike=near) if (near := alike(one)) else one for one in found]
    alone = {id(one) for one in unpartnered(one for one in each if one.alike == str(Meaning.UUID))}
    return [replace(one, alike="") if id(one) in alone else one for one in each]


def alike(found: Found) -> str:
    """What the two values have in common by meaning; empty for nothing."""
    if found.kind is not DifferenceKind.CHANGED or not found.location.startswith(PLACES):
        return ""
    return joined(_meanings(found.legacy, found.gateway))


def _meanings(legacy: Any, gateway: Any) -> Iterator[Like]:
    if isinstance(legacy, str) and isinstance(gateway, str):
        # Most texts are none of these, which is told here at the least price.
        if legacy.count(".") == _DOTS:
            yield from _exact(Meaning.JWT, legacy, gateway)
        if "://" in legacy:
            yield from _exact(Meaning.URL, legacy, gateway)
        if len(legacy) <= _LONGEST and len(gateway) <= _LONGEST:
            yield from _exact(Meaning.UUID, legacy, gateway)
            if legacy[:1].isdigit() or legacy[3:4] == ",":  # ISO 8601, or an HTTP date
                yield from _times(legacy, gateway)
    elif _number(legacy) and _number(gateway):
        yield from _numbers(legacy, gateway)
        if min(abs(legacy), abs(gateway)) >= _EARLIEST:
            yield from _times(legacy, gateway)


def _exact(meaning: Meaning, legacy: str, gateway: str) -> Iterator[Like]:
    if same(Like(meaning), legacy, gateway):
        yield Like(meaning)


def _times(legacy: Any, gateway: Any) -> Iterator[Like]:
    ours = instant(legacy)
    theirs = instant(gateway) if ours else None
    if ours and theirs and ours[0] is theirs[0]:
        apart = abs(ours[1] - theirs[1])
        yield from (Like(Meaning.TIMESTAMP, step) for step in INSTANTS[bisect_left(INSTANTS, apart) :][:1])


def _numbers(legacy: float, gateway: float) -> Iterator[Like]:
    for steps, relative in ((APART, False), (SHARES, True)):
        likes = (Like(Meaning.NUMBER, step, relative) for step in steps)
        near = next((like for like in likes if same(like, legacy, gateway)), None)
        if near is not None:
            yield near


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
