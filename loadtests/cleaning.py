"""Deleting what a load test created: by the ids that are known, then by the names its run gives."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError
from loadtests.things import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from loadtests.calls import Call
    from loadtests.ledger import Entry
    from loadtests.things import Thing

    Send = Callable[[Call, Mapping[str, str]], tuple[int, bytes]]
    """Sends one call and returns status and body; raises UnreachableError when there is no answer."""

_OK = 300
_GONE = 404
_LATE = (0.5, 2.0)
"""Seconds after which is looked again for what was asked for without an answer: it may be made late."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many things were deleted, and what is left behind, in words."""

    deleted: int
    left: tuple[str, ...] = ()


def clean(
    things: Iterable[Thing],
    entries: Iterable[Entry],
    prefix: str,
    send: Send,
    wait: Callable[[float], None] = time.sleep,
) -> Cleaned:
    """Delete the entries that are open and everything of these kinds whose name begins with `prefix`.

    Afterwards the lists are read once more, so what is said to be gone was seen to be gone.
    """
    kinds = {thing.name: thing for thing in things}
    opened = [entry for entry in entries if entry.thing in kinds]
    unanswered = {entry.name for entry in opened if not entry.id}
    gone = {entry.name for entry in opened if entry.id and _delete(kinds[entry.thing], entry.id, send)}
    left: dict[str, str] = {}
    for pause in (0.0, *_LATE):
        if pause:
            wait(pause)
        left = {}
        for thing in kinds.values():
            _sweep(thing, prefix, send, gone, left)
        if not left and not any(_waits(name, gone) for name in unanswered):
            break
    return Cleaned(len(gone), tuple(left.values()))


def _waits(name: str, gone: set[str]) -> bool:
    return not any(found.startswith(name) for found in gone)


def _sweep(thing: Thing, prefix: str, send: Send, gone: set[str], left: dict[str, str]) -> None:
    try:
        for name, identity in tuple(_listed(thing, prefix, send)):
            if _delete(thing, identity, send):
                gone.add(name)
        for name, _ in _listed(thing, prefix, send):
            gone.discard(name)
            left[name] = f"{thing.name} {name}"
    except (UnreachableError, ValueError) as error:
        left[thing.name] = f"whether any {thing.name} is left is not known: {error}"


def _delete(thing: Thing, identity: str, send: Send) -> bool:
    try:
        status, _ = send(thing.delete, {"id": identity})
    except UnreachableError:
        return False
    return status < _OK or status == _GONE


def _listed(thing: Thing, prefix: str, send: Send) -> Iterator[tuple[str, str]]:
    skip = 0
    while True:
        status, body = send(thing.listed, {"skip": str(skip)})
        if status >= _OK:
            raise UnreachableError(f"the list answered {status}")
        yield from thing.found(body, prefix)
        if not thing.paged or len(thing.items(body)) < PAGE:
            return
        skip += PAGE
