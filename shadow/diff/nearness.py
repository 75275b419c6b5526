"""How near two differing values are by what they mean: noted with each difference, for rules that name a meaning."""

from __future__ import annotations

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
_EXACT = (Meaning.UUID, Meaning.JWT, Meaning.URL)


def noted(found: Iterable[Found]) -> list[Found]:
    """The differences of one pair, each with how near its values are; a UUID only while it has one partner."""
    each = [replace(one, alike=alike(one)) for one in found]
    alone = {id(one) for one in unpartnered(one for one in each if one.alike == str(Meaning.UUID))}
    return [replace(one, alike="") if id(one) in alone else one for one in each]


def alike(found: Found) -> str:
    """What the two values have in common by meaning; empty for nothing."""
    if found.kind is not DifferenceKind.CHANGED or not found.location.startswith(PLACES):
        return ""
    return joined(_meanings(found.legacy, found.gateway))


def _meanings(legacy: Any, gateway: Any) -> Iterator[Like]:
    if isinstance(legacy, str) and isinstance(gateway, str):
        yield from (Like(meaning) for meaning in _EXACT if same(Like(meaning), legacy, gateway))
        if max(len(legacy), len(gateway)) <= _LONGEST:
            yield from _times(legacy, gateway)
    elif _number(legacy) and _number(gateway):
        yield from _first(Meaning.NUMBER, APART, legacy, gateway)
        yield from _first(Meaning.NUMBER, SHARES, legacy, gateway, relative=True)
        if min(abs(legacy), abs(gateway)) >= _EARLIEST:
            yield from _times(legacy, gateway)


def _times(legacy: Any, gateway: Any) -> Iterator[Like]:
    if instant(legacy) is not None and instant(gateway) is not None:
        yield from _first(Meaning.TIMESTAMP, INSTANTS, legacy, gateway)


def _first(
    meaning: Meaning, steps: tuple[float, ...], legacy: Any, gateway: Any, *, relative: bool = False
) -> Iterator[Like]:
    likes = (Like(meaning, step, relative) for step in steps)
    near = next((like for like in likes if same(like, legacy, gateway)), None)
    if near is not None:
        yield near


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
