"""Event streams against each other: events, their order, and how the stream ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import DifferenceKind
from shadow.diff import json_body, json_path, sequence
from shadow.diff.found import Budget, Found
from shadow.diff.meaning import Meanings
from shadow.diff.runs import folded
from shadow.normalise.events import DONE, Event, events, retry
from shadow.normalise.json_value import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCATION = "stream"


def diff(legacy: str, gateway: str, budget: Budget, meanings: Meanings | None = None) -> Iterator[Found]:
    """Differences of two server-sent event streams, what a model writes in them by `meanings`.

    Paths: `events[3]$.choices[0].delta.content` inside an event, `events` for order, `done` for the `[DONE]` event,
    `error` for the event that reports an upstream failure (of kind order: events come after it on one side only),
    `tail` for a last event that was cut off, `retry` for when to connect again, `text` where neither side has one.
    """
    ours, theirs = events(legacy), events(gateway)
    if not ours and not theirs:
        if legacy.split() != gateway.split():
            yield Found(LOCATION, "text", DifferenceKind.CHANGED, legacy, gateway, ("text",))
        return
    yield from _presence("done", *([e.data for e in side if e.done] for side in (ours, theirs)))
    yield from _presence("error", *([e.data for e in side if e.error] for side in (ours, theirs)))
    yield from _presence("tail", *([e.data for e in side if not e.complete] for side in (ours, theirs)))
    yield from _presence("retry", *([word] if (word := retry(text)) else [] for text in (legacy, gateway)))
    yield from _afterwards(ours, theirs)
    meanings = meanings or Meanings()
    yield from _aligned(_ordinary(ours, meanings), _ordinary(theirs, meanings), budget, meanings)


def _ordinary(found: list[Event], meanings: Meanings) -> list[Event]:
    plain = [event for event in found if event.complete and not event.done and not event.error]
    return folded(plain, meanings) if meanings.texts else plain


def _afterwards(ours: list[Event], theirs: list[Event]) -> Iterator[Found]:
    """What comes after the end is read by nobody: clients stop at `[DONE]`, and at an error."""
    for name, ends in (("done", _is_done), ("error", _is_error)):
        left, right = (_after(side, ends) for side in (ours, theirs))
        if None not in (left, right) and bool(left) != bool(right):
            yield Found(LOCATION, name, DifferenceKind.ORDER, left, right, (name,))


def _after(side: list[Event], ends: Callable[[Event], bool]) -> int | None:
    """How many events come after the first that ends the stream; None where none does."""
    place = next((at for at, event in enumerate(side) if ends(event)), None)
    return None if place is None else sum(not (event.done or event.error) for event in side[place + 1 :])


def _is_done(event: Event) -> bool:
    return event.done


def _is_error(event: Event) -> bool:
    return event.error


def _presence(name: str, left: list[str], right: list[str]) -> Iterator[Found]:
    if left == right:
        return
    if not right:
        yield Found(LOCATION, name, DifferenceKind.MISSING, left[0], None, (name,))
    elif not left:
        yield Found(LOCATION, name, DifferenceKind.EXTRA, None, right[0], (name,))
    elif len(left) != len(right):
        yield Found(LOCATION, name, DifferenceKind.COUNT, len(left), len(right), (name,))
    elif left[0] != DONE:
        yield Found(LOCATION, name, DifferenceKind.CHANGED, left[0], right[0], (name,))


def _aligned(ours: list[Event], theirs: list[Event], budget: Budget, meanings: Meanings) -> Iterator[Found]:
    left, right = ([_key(event, meanings, budget) for event in side] for side in (ours, theirs))
    if sequence.reordered(left, right):
        yield Found(LOCATION, "events", DifferenceKind.ORDER, len(left), len(right))
        return
    for at, other in sequence.pairs(left, right) if meanings else sequence.unequal(left, right):
        budget.step()
        if other == sequence.NOWHERE:
            yield Found(LOCATION, f"events[{at}]", DifferenceKind.MISSING, _value(ours[at]), None, ("data",))
        elif at == sequence.NOWHERE:
            yield Found(LOCATION, f"events[{other}]", DifferenceKind.EXTRA, None, _value(theirs[other]), ("data",))
        else:
            yield from _event(at, ours[at], theirs[other], budget, meanings)


def _event(at: int, legacy: Event, gateway: Event, budget: Budget, meanings: Meanings) -> Iterator[Found]:
    for name, one, other in (("event", legacy.type, gateway.type), ("id", legacy.id, gateway.id)):
        if one != other:
            yield Found(LOCATION, f"events[{at}].{name}", DifferenceKind.CHANGED, one, other, (name,))
    if legacy.is_json and gateway.is_json:
        yield from json_body.diff(
            legacy.json, gateway.json, location=LOCATION, root=f"events[{at}]$", meanings=meanings, budget=budget
        )
    elif legacy.data != gateway.data:
        kind = DifferenceKind.CHANGED if legacy.is_json == gateway.is_json else DifferenceKind.TYPE
        yield Found(LOCATION, f"events[{at}].data", kind, legacy.data, gateway.data, ("data",))


def _key(event: Event, meanings: Meanings, budget: Budget) -> str:
    budget.step()
    data = canonical(meanings.masked(event.json, json_path.ROOT)) if event.is_json else event.data
    return "\0".join((event.type, event.id, data))


def _value(event: Event) -> object:
    return event.json if event.is_json else event.data
