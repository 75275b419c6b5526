"""JSON against JSON: equal in one step, else a walk to the places that differ."""

from __future__ import annotations

import marshal
from collections import Counter
from typing import TYPE_CHECKING, Any

from gateway.core.observation import DifferenceKind
from shadow.diff import identity, json_path
from shadow.diff.alignment import aligned
from shadow.diff.found import Budget, Found, bounded
from shadow.diff.meaning import Meanings
from shadow.diff.sequence import NOWHERE
from shadow.normalise.json_value import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shadow.diff.sequence import Alignment

_ABSENT = object()
_TYPES = 2
"""The marshal format without references, which would depend on what is shared in memory."""
_Keys = tuple[str, ...]


def diff(
    legacy: Any,
    gateway: Any,
    *,
    location: str = "body",
    root: str = json_path.ROOT,
    declared: Mapping[str, str] | None = None,
    meanings: Meanings | None = None,
    budget: Budget | None = None,
) -> list[Found]:
    """Every place where two parsed documents differ, at most `budget.most`; numbers are compared by value.

    With `meanings`, the UUIDs in them are still to be settled when all documents of an answer have been compared.

    Raises:
        DeadlineError: it takes longer than the budget allows.
    """
    if same(legacy, gateway):
        return []
    walk = _Walk(location, declared or {}, meanings or Meanings(), budget or Budget())
    return walk.all(legacy, gateway, root)


class _Walk:
    def __init__(self, location: str, declared: Mapping[str, str], meanings: Meanings, budget: Budget) -> None:
        self._location = location
        self._declared = declared
        self._meanings = meanings
        self._budget = budget

    def all(self, legacy: Any, gateway: Any, root: str) -> list[Found]:
        return list(bounded(self.compare(legacy, gateway, root, ()), self._budget, self._location))

    def compare(self, legacy: Any, gateway: Any, path: str, keys: _Keys) -> Iterator[Found]:
        self._budget.step()
        if not self._meanings and same(legacy, gateway):
            return
        if isinstance(legacy, dict) and isinstance(gateway, dict):
            yield from self._objects(legacy, gateway, path, keys)
        elif isinstance(legacy, list) and isinstance(gateway, list):
            yield from self._lists(legacy, gateway, path, keys)
        elif kind_of(legacy) != kind_of(gateway):
            yield self._found(path, DifferenceKind.TYPE, legacy, gateway, keys)
        elif legacy != gateway or self._meanings:
            found = self._found(path, DifferenceKind.CHANGED, legacy, gateway, keys)
            if not self._meanings.same(found) and legacy != gateway:
                yield found

    def _objects(self, legacy: dict[str, Any], gateway: dict[str, Any], path: str, keys: _Keys) -> Iterator[Found]:
        for key in [*legacy, *(key for key in gateway if key not in legacy)]:
            yield from self._member(
                legacy.get(key, _ABSENT), gateway.get(key, _ABSENT), json_path.member(path, key), (*keys, key)
            )

    def _member(self, legacy: Any, gateway: Any, path: str, keys: _Keys) -> Iterator[Found]:
        if gateway is _ABSENT:
            yield self._found(path, DifferenceKind.MISSING, legacy, None, keys)
        elif legacy is _ABSENT:
            yield self._found(path, DifferenceKind.EXTRA, None, gateway, keys)
        else:
            yield from self.compare(legacy, gateway, path, keys)

    def _lists(self, legacy: list[Any], gateway: list[Any], path: str, keys: _Keys) -> Iterator[Found]:
        name = identity.declared(self._declared, path)
        if name is None or not (identity.usable(name, legacy) and identity.usable(name, gateway)):
            name = identity.found(legacy, gateway, self._budget, without=self._meanings.members(path))
        if name is None:
            yield from self._values(legacy, gateway, path, keys)
        else:
            yield from self._identified(legacy, gateway, path, keys, name)

    def _identified(
        self, legacy: list[Any], gateway: list[Any], path: str, keys: _Keys, name: str
    ) -> Iterator[Found]:
        ours, theirs = ({item[name]: item for item in side} for side in (legacy, gateway))
        order = [key for key in ours if key in theirs], [key for key in theirs if key in ours]
        if order[0] != order[1]:
            yield self._found(path, DifferenceKind.ORDER, *order, (*keys, name))
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            yield from self._member(
                ours.get(key, _ABSENT), theirs.get(key, _ABSENT), json_path.identified(path, name, key), keys
            )

    def _values(self, legacy: list[Any], gateway: list[Any], path: str, keys: _Keys) -> Iterator[Found]:
        ours, theirs = (self._masked(side, path) for side in (legacy, gateway))
        left, right = (self._texts(side) for side in (ours, theirs))
        common = Counter(left) & Counter(right)
        here, there = _rest(left, common), _rest(right, common)
        kept, also = _kept(left, here), _kept(right, there)
        if [left[at] for at in kept] != [right[at] for at in also]:
            yield self._found(path, DifferenceKind.ORDER, legacy, gateway, keys)
        pairs = aligned({at: ours[at] for at in here}, {at: theirs[at] for at in there}, self._budget)
        if self._meanings:
            # Alike where nothing is compared by meaning: the rest of them is still to be looked at.
            pairs = [*_alike(left, kept, right, also), *pairs]
        for at, other in pairs:
            yield from self._member(
                legacy[at] if at != NOWHERE else _ABSENT,
                gateway[other] if other != NOWHERE else _ABSENT,
                json_path.position(path, other if at == NOWHERE else at),
                keys,
            )

    def _texts(self, items: list[Any]) -> list[str]:
        out = []
        for item in items:
            self._budget.step()
            out.append(canonical(item))
        return out

    def _masked(self, items: list[Any], path: str) -> list[Any]:
        return [self._meanings.masked(item, path + "[*]") for item in items] if self._meanings else items

    def _found(self, path: str, kind: DifferenceKind, legacy: Any, gateway: Any, keys: _Keys) -> Found:
        return Found(self._location, path, kind, legacy, gateway, keys)


def same(legacy: Any, gateway: Any) -> bool:
    """Whether two documents are the same; to Python true is 1, to JSON it is not."""
    # Much cheaper than text, and it tells true from 1; equal documents may still have two of these.
    if marshal.dumps(legacy, _TYPES) == marshal.dumps(gateway, _TYPES):
        return True
    return bool(legacy == gateway) and canonical(legacy) == canonical(gateway)


def kind_of(value: Any) -> str:
    """The JSON type of a value; integers and floats are both numbers."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _rest(texts: list[str], common: Counter[str]) -> list[int]:
    """Positions left over when the common items are taken out, later copies first."""
    spare = Counter(common)
    out = []
    for at, text in enumerate(texts):
        if spare[text]:
            spare[text] -= 1
        else:
            out.append(at)
    return out


def _kept(texts: list[str], rest: list[int]) -> list[int]:
    left = set(rest)
    return [at for at in range(len(texts)) if at not in left]


def _alike(left: list[str], ours: list[int], right: list[str], theirs: list[int]) -> Alignment:
    """The items of one text, first with first."""
    places: dict[str, list[int]] = {}
    for other in reversed(theirs):
        places.setdefault(right[other], []).append(other)
    return [(at, places[left[at]].pop()) for at in ours]
