"""Multipart against multipart, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.normalise.multipart import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shadow.normalise.content import Content
    from shadow.normalise.multipart import Part


def diff(legacy: Content, gateway: Content, location: str) -> Iterator[Found]:
    """Parts missing, extra or changed by name; bytes that are no multipart are compared whole."""
    ours, theirs = parse(legacy.data, legacy.boundary), parse(gateway.data, gateway.boundary)
    if ours is None or theirs is None:
        if legacy.data != gateway.data:
            yield Found(location, "parts", DifferenceKind.CHANGED, legacy.data, gateway.data)
        return
    left, right = _named(ours), _named(theirs)
    if list(left) != list(right) and set(left) == set(right):
        yield Found(location, "parts", DifferenceKind.ORDER, list(left), list(right))
    for name in [*left, *(name for name in right if name not in left)]:
        yield from _part(name, left.get(name), right.get(name), location)


def _named(parts: list[Part]) -> dict[str, Part]:
    found: dict[str, Part] = {}
    for part in parts:
        seen = sum(1 for other in found.values() if other.name == part.name)
        found[f"{part.name}[{seen}]" if seen else part.name] = part
    return found


def _part(name: str, legacy: Part | None, gateway: Part | None, location: str) -> Iterator[Found]:
    if legacy is None or gateway is None:
        kind = DifferenceKind.EXTRA if legacy is None else DifferenceKind.MISSING
        yield Found(location, name, kind, legacy and legacy.data, gateway and gateway.data, (name,))
        return
    for header in sorted(legacy.headers.keys() | gateway.headers.keys()):
        one, other = legacy.headers.get(header), gateway.headers.get(header)
        if one != other:
            kind = _kind(one, other)
            yield Found(location, f"{name}.{header}", kind, one, other, (name, header))
    if legacy.data != gateway.data:
        yield Found(location, f"{name}.content", DifferenceKind.CHANGED, legacy.data, gateway.data, (name,))


def _kind(legacy: str | None, gateway: str | None) -> DifferenceKind:
    if gateway is None:
        return DifferenceKind.MISSING
    return DifferenceKind.EXTRA if legacy is None else DifferenceKind.CHANGED
