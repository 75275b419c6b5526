"""WebSocket conversations against each other, each direction by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.core.observation import DifferenceKind
from shadow.diff import json_body, json_path, sequence
from shadow.diff.found import Budget, Found
from shadow.diff.meaning import Meanings
from shadow.normalise.json_value import NotJsonError, canonical, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Close, Frame

LOCATION = "frame"


def diff(
    legacy: tuple[Frame, ...], gateway: tuple[Frame, ...], budget: Budget, meanings: Meanings | None = None
) -> Iterator[Found]:
    """Messages missing, extra, changed or reordered: `server[2]$.data`, `client[0]`; `order` is path `server`."""
    meanings = meanings or Meanings()
    for side, from_client in (("client", True), ("server", False)):
        ours = [frame for frame in legacy if frame.from_client is from_client]
        theirs = [frame for frame in gateway if frame.from_client is from_client]
        yield from _direction(side, ours, theirs, budget, meanings)


def ends(legacy: Close | None, gateway: Close | None) -> Iterator[Found]:
    """How the service closed a conversation: `close`, `close.reason`. What the client did is its own doing."""
    if legacy is None or legacy.from_client:
        return
    if gateway is None or gateway.from_client:
        yield Found(LOCATION, "close", DifferenceKind.MISSING, legacy.code, None)
    elif legacy.code != gateway.code:
        yield Found(LOCATION, "close", DifferenceKind.CHANGED, legacy.code, gateway.code)
    elif legacy.reason != gateway.reason:
        yield Found(LOCATION, "close.reason", DifferenceKind.CHANGED, legacy.reason, gateway.reason)


def _direction(
    side: str, ours: list[Frame], theirs: list[Frame], budget: Budget, meanings: Meanings
) -> Iterator[Found]:
    left, right = ([_key(frame, meanings, budget) for frame in frames] for frames in (ours, theirs))
    if sequence.reordered(left, right):
        yield Found(LOCATION, side, DifferenceKind.ORDER, len(left), len(right))
        return
    for at, other in sequence.pairs(left, right) if meanings else sequence.unequal(left, right):
        budget.step()
        if other == sequence.NOWHERE:
            yield Found(LOCATION, f"{side}[{at}]", DifferenceKind.MISSING, _value(ours[at]), None, ("data",))
        elif at == sequence.NOWHERE:
            yield Found(LOCATION, f"{side}[{other}]", DifferenceKind.EXTRA, None, _value(theirs[other]), ("data",))
        else:
            yield from _message(f"{side}[{at}]", ours[at], theirs[other], budget, meanings)


def _message(path: str, legacy: Frame, gateway: Frame, budget: Budget, meanings: Meanings) -> Iterator[Found]:
    one, other = _value(legacy), _value(gateway)
    if legacy.text is not gateway.text:
        yield Found(LOCATION, path, DifferenceKind.TYPE, one, other, ("data",))
    elif isinstance(one, dict | list) and isinstance(other, dict | list):
        yield from json_body.diff(one, other, location=LOCATION, root=f"{path}$", meanings=meanings, budget=budget)
    elif one != other:
        yield Found(LOCATION, path, DifferenceKind.CHANGED, one, other, ("data",))


def _key(frame: Frame, meanings: Meanings, budget: Budget) -> str:
    budget.step()
    value = _value(frame)
    shown = canonical(meanings.masked(value, json_path.ROOT)) if isinstance(value, dict | list) else repr(value)
    return f"{frame.text}{shown}"


def _value(frame: Frame) -> Any:
    if not frame.text:
        return frame.data
    try:
        return parse(frame.data)
    except NotJsonError:
        return frame.data.decode("utf-8", "replace")
