"""Values by name, each name with the values it was given: what headers, queries and forms have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def diff(legacy: Mapping[str, list[str]], gateway: Mapping[str, list[str]], location: str) -> Iterator[Found]:
    """Names whose values differ, in legacy's order, then what only the gateway has."""
    for name in [*legacy, *(name for name in gateway if name not in legacy)]:
        left, right = legacy.get(name, []), gateway.get(name, [])
        if left != right:
            yield Found(location, name, kind_of(left, right), shown(left), shown(right), (name,))


def kind_of(left: list[str], right: list[str]) -> DifferenceKind:
    """How two lists of one name's values differ."""
    if not right:
        return DifferenceKind.MISSING
    if not left:
        return DifferenceKind.EXTRA
    if len(left) != len(right):
        return DifferenceKind.COUNT
    return DifferenceKind.ORDER if sorted(left) == sorted(right) else DifferenceKind.CHANGED


def shown(values: list[str]) -> str | list[str] | None:
    """One value as itself, several as a list, none as None."""
    if not values:
        return None
    return values[0] if len(values) == 1 else values
