"""Cookies against cookies, attribute by attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.normalise.cookies import Cookie, cookies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Headers

LOCATION = "cookie"
_SLACK_SECONDS = 5


def diff(legacy: Headers, gateway: Headers) -> Iterator[Found]:
    """Cookies missing or extra by name, values as `name.value`, attributes as `name.samesite`."""
    ours, theirs = _named(cookies(legacy)), _named(cookies(gateway))
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            kind = DifferenceKind.EXTRA if one is None else DifferenceKind.MISSING
            yield Found(LOCATION, name, kind, one and one.value, other and other.value, (name, "cookie"))
        else:
            yield from _cookie(name, one, other)


def _named(found: list[Cookie]) -> dict[str, Cookie]:
    named: dict[str, Cookie] = {}
    for cookie in found:
        seen = sum(1 for other in named.values() if other.name == cookie.name)
        named[f"{cookie.name}[{seen}]" if seen else cookie.name] = cookie
    return named


def _cookie(name: str, legacy: Cookie, gateway: Cookie) -> Iterator[Found]:
    if legacy.value != gateway.value:
        yield Found(LOCATION, f"{name}.value", DifferenceKind.CHANGED, legacy.value, gateway.value, (name, "cookie"))
    for key in sorted(legacy.attributes.keys() | gateway.attributes.keys()):
        one, other = legacy.attributes.get(key), gateway.attributes.get(key)
        if one is None:
            yield Found(LOCATION, f"{name}.{key}", DifferenceKind.EXTRA, None, other, (key,))
        elif other is None:
            yield Found(LOCATION, f"{name}.{key}", DifferenceKind.MISSING, one, None, (key,))
        elif one != other and not _close(key, one, other):
            yield Found(LOCATION, f"{name}.{key}", DifferenceKind.CHANGED, one, other, (key,))


def _close(key: str, one: str, other: str) -> bool:
    if key != "expires":
        return False
    try:
        return abs(int(one) - int(other)) <= _SLACK_SECONDS
    except ValueError:
        return False
