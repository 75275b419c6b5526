"""Values compared by what they mean, where the route says so: never by their look alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.core.comparing import Like, Meaning
from gateway.core.observation import DifferenceKind
from shadow.diff import json_path
from shadow.normalise.instant import instant
from shadow.normalise.json_value import NotJsonError, canonical, parse
from shadow.normalise.jwt import claims

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shadow.diff.found import Found

_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\[\]]*\]")
_ROUNDING = 1 + 1e-9
"""1.01 is 0.01 more than 1 for a reader, and a little further away for the machine."""
_TIMES_LONGER = 10
_SHORT = 100
"""Texts up to this many characters may be of any lengths."""


class Meanings:
    """What a route declares, for one pair of answers; `uuid` pairs are kept, to be the same everywhere in them."""

    def __init__(self, declared: Mapping[str, Like] | None = None) -> None:
        self._declared = {key: like for key, like in (declared or {}).items() if key.startswith("$")}
        self._elsewhere = {key: like for key, like in (declared or {}).items() if not key.startswith("$")}
        self._uuids: list[Found] = []

    def __bool__(self) -> bool:
        """Whether anything in a document is compared by meaning."""
        return bool(self._declared)

    @property
    def texts(self) -> bool:
        """Whether some text is a model's."""
        return any(like.meaning is Meaning.TEXT for like in self._declared.values())

    def at(self, path: str) -> Like | None:
        """What is declared for a place; positions and identities in the path do not matter."""
        if not self._declared:
            return None
        return self._declared.get(_pattern(path))

    def members(self, path: str) -> frozenset[str]:
        """The members of the items of the list at this path that are compared by meaning."""
        if not self._declared:
            return frozenset()
        start = _pattern(path) + "[*]."
        return frozenset(key.removeprefix(start) for key in self._declared if key.startswith(start))

    def masked(self, value: Any, path: str) -> Any:
        """The value with everything that is compared by meaning left blank."""
        if not self._declared:
            return value
        return self._masked(value, _pattern(path))

    def same(self, found: Found) -> bool:
        """Whether two scalars in a document mean the same; one UUID for another is settled at the end."""
        like = self.at(found.path)
        if like is None or not same(like, found.legacy, found.gateway):
            return False
        if like.meaning is Meaning.UUID:
            self._uuids.append(found)
        return True

    def same_elsewhere(self, found: Found) -> bool:
        """Whether a header or a cookie's value means the same on both sides."""
        if found.kind is not DifferenceKind.CHANGED:
            return False
        name = found.path.removesuffix(".value") if found.location == "cookie" else found.path
        like = self._elsewhere.get(f"{found.location}:{name}")
        return like is not None and same(like, found.legacy, found.gateway)

    def unsettled(self) -> Iterator[Found]:
        """Places where one side has another UUID than its partner elsewhere says it must have."""
        return unpartnered(self._uuids)

    def _masked(self, value: Any, pattern: str) -> Any:
        if pattern in self._declared:
            return None
        if not any(key.startswith(pattern) for key in self._declared):
            return value
        if isinstance(value, dict):
            return {
                name: self._masked(item, _pattern(json_path.member(pattern, name))) for name, item in value.items()
            }
        if isinstance(value, list):
            return [self._masked(item, f"{pattern}[*]") for item in value]
        return value


def unpartnered(uuids: Iterable[Found]) -> Iterator[Found]:
    """Of places with one UUID for another, those in which the two are not each other's partners as elsewhere."""
    partners: dict[tuple[int, str], str] = {}
    for found in sorted(uuids, key=lambda one: (one.location, one.path)):
        ours, theirs = _plain(found.legacy), _plain(found.gateway)
        known = partners.setdefault((0, ours), theirs), partners.setdefault((1, theirs), ours)
        if known != (theirs, ours):
            yield found


def same(like: Like, legacy: Any, gateway: Any) -> bool:
    """Whether two values mean the same. Values of two JSON types never do."""
    if isinstance(legacy, str) and isinstance(gateway, str):
        return like.meaning is not Meaning.NUMBER and _TEXTS[like.meaning](like, legacy, gateway)
    if any(isinstance(side, bool) or not isinstance(side, int | float) for side in (legacy, gateway)):
        return False
    if like.meaning is Meaning.NUMBER:
        return _near(like, legacy, gateway)
    return like.meaning is Meaning.TIMESTAMP and _at_once(like, legacy, gateway)


def _pattern(path: str) -> str:
    return _BRACKETS.sub("[*]", path[path.find("$") :])


def _near(like: Like, legacy: float, gateway: float) -> bool:
    try:
        apart, largest = abs(legacy - gateway), max(abs(legacy), abs(gateway))
        allowed = like.within * (largest if like.relative else 1)
        return bool(apart <= allowed * _ROUNDING)
    except OverflowError:
        return False


def _at_once(like: Like, legacy: Any, gateway: Any) -> bool:
    ours, theirs = instant(legacy), instant(gateway)
    if ours is None or theirs is None:
        return False
    # A time without a zone is read in the reader's own: it is another time than the one that names UTC.
    return ours[0] is theirs[0] and abs(ours[1] - theirs[1]) <= like.within


def _two_uuids(_like: Like, legacy: str, gateway: str) -> bool:
    return all(_UUID.fullmatch(side) for side in (legacy, gateway))


def _one_token(_like: Like, legacy: str, gateway: str) -> bool:
    ours = claims(legacy)
    return ours is not None and ours == claims(gateway)


def _one_place(_like: Like, legacy: str, gateway: str) -> bool:
    return _place(legacy) == _place(gateway) is not None


def _one_shape(_like: Like, legacy: str, gateway: str) -> bool:
    return _shape(legacy) == _shape(gateway) and _alike_long(legacy, gateway)


_TEXTS: Mapping[Meaning, Callable[[Like, str, str], bool]] = {
    Meaning.TIMESTAMP: _at_once,
    Meaning.UUID: _two_uuids,
    Meaning.JWT: _one_token,
    Meaning.URL: _one_place,
    Meaning.TEXT: _one_shape,
}


def _plain(uuid: str) -> str:
    return uuid.replace("-", "").lower()


def _place(url: str) -> tuple[str, str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return (parts.path or "/", parts.query, parts.fragment) if parts.scheme and parts.netloc else None


def _shape(text: str) -> str:
    """Nothing, a JSON document with these members, or words."""
    if not text.strip():
        return "blank"
    if text.lstrip().startswith(("{", "[")):
        try:
            return canonical(_types(parse(text.encode("utf-8", "surrogateescape"))))
        except NotJsonError:
            pass
    return "words"


def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _types(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_types(value[0])] if value else []
    return "text" if isinstance(value, str) else "number" if isinstance(value, int | float) else "null"


def _alike_long(legacy: str, gateway: str) -> bool:
    short, long = sorted((len(legacy), len(gateway)))
    return long <= _SHORT or long <= _TIMES_LONGER * max(short, 1)
