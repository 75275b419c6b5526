"""When the events of two streams came: a gateway that holds a stream back shows by nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.core.exchange import is_event_stream
from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.normalise.content import codings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Response

LOCATION = "stream"
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_SPREAD = 0.5
"""Seconds over which legacy's events come at least, before their spacing can be missed."""
_BUNCHED = 0.2
"""Share of legacy's spread below which the gateway's events came together."""
_LATE = 1.0
_TIMES_LATER = 3
"""A first event is late when it takes so many seconds and so many times longer than legacy's."""


def diff(legacy: Response, gateway: Response) -> Iterator[Found]:
    """`cadence` where events that legacy sent one by one came together, else `first event` where that came late.

    Values are seconds: from the first event to the last, and to the first one. Nothing is said of streams whose times
    nobody took.
    """
    ours, theirs = _times(legacy), _times(gateway)
    if not ours or not theirs:
        return
    spread, other = ours[-1] - ours[0], theirs[-1] - theirs[0]
    if len(theirs) > 1 and spread >= _SPREAD and other < _BUNCHED * spread:
        yield _found("cadence", spread, other)
    elif theirs[0] - ours[0] > _LATE and theirs[0] > _TIMES_LATER * ours[0]:
        yield _found("first event", ours[0], theirs[0])


def _found(path: str, legacy: float, gateway: float) -> Found:
    return Found(LOCATION, path, DifferenceKind.CHANGED, round(legacy, 2), round(gateway, 2))


def _times(response: Response) -> list[float]:
    """When each event was there; of a compressed stream only its reader knows that."""
    if not is_event_stream(response.headers) or codings(response.headers):
        return []
    out: list[float] = []
    arrivals = iter(response.arrivals)
    at, size = next(arrivals, (0.0, 0))
    for end in _END.finditer(response.body):
        while size < end.end():
            later = next(arrivals, None)
            if later is None:
                return out
            at, size = later
        out.append(at)
    return out
