"""Which left-over list items belong together when no member tells them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shadow.diff import deep
from shadow.diff.sequence import NOWHERE
from shadow.normalise.json_value import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shadow.diff.found import Budget
    from shadow.diff.sequence import Alignment

_MOST_ITEMS = 24
_MOST_TEXT = 64 * 1024
_WORKER_SECONDS = 0.5


def aligned(ours: Mapping[int, Any], theirs: Mapping[int, Any], budget: Budget) -> Alignment:
    """Which item of ours stands against which of theirs.

    One against one, and plain values at the same positions, need no search. Small lists of objects are paired by
    DeepDiff's distance in its worker; where that is too slow or too large, by order.
    """
    left, right = list(ours), list(theirs)
    if not left or not right or len(left) == len(right) == 1:
        return _by_order(left, right)
    if not all(isinstance(item, dict | list) for item in (*ours.values(), *theirs.values())):
        return _by_order(left, right) if left == right else [*_missing(left), *_extra(right)]
    found = _searched(list(ours.values()), list(theirs.values()), budget)
    if found is None:
        return _by_order(left, right)
    return [(left[a] if a != NOWHERE else a, right[b] if b != NOWHERE else b) for a, b in found]


def _searched(ours: list[Any], theirs: list[Any], budget: Budget) -> Alignment | None:
    if budget.left <= 0 or max(len(ours), len(theirs)) > _MOST_ITEMS or len(canonical([ours, theirs])) > _MOST_TEXT:
        return None
    return deep.pairs(ours, theirs, min(_WORKER_SECONDS, budget.left))


def _by_order(left: list[int], right: list[int]) -> Alignment:
    both = min(len(left), len(right))
    return [*zip(left[:both], right[:both], strict=True), *_missing(left[both:]), *_extra(right[both:])]


def _missing(left: list[int]) -> Alignment:
    return [(at, NOWHERE) for at in left]


def _extra(right: list[int]) -> Alignment:
    return [(NOWHERE, at) for at in right]
