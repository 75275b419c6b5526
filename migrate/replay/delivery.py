"""What only a closed replay can see: how often a request was delivered, and whether a stream was held back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.exchange import Response, header
from gateway.core.observation import Difference, DifferenceKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Failure
    from gateway.core.observation import Observation
    from migrate.replay.player import Cue

PROBLEM = "application/problem+json"
_REFUSALS = {401, 403, 429}
_HIDDEN = 404


def judged(observation: Observation, cue: Cue, answer: Response | Failure) -> Observation:
    """The observation with the delivery's own differences; any of them makes it a mismatch."""
    found = tuple(_differences(cue, answer))
    if not found:
        return observation
    return replace(observation, differences=(*observation.differences, *found), verdict=Verdict.MISMATCH)


def refuses(answer: Response | Failure) -> bool:
    """Whether the answer is the gateway's own 401, 403 or 429, or a 404 that hides what is another's or not there."""
    if not isinstance(answer, Response) or not _is_problem(answer):
        return False
    return answer.status in _REFUSALS or (answer.status == _HIDDEN and b'"reason":"scope"' in answer.body)


def _is_problem(answer: Response) -> bool:
    return (header(answer.headers, "content-type") or "").startswith(PROBLEM)


def _differences(cue: Cue, answer: Response | Failure) -> Iterator[Difference]:
    astray = [call.service for call in cue.calls if call.service != cue.exchange.service]
    if astray:
        yield Difference("upstream.service", "", DifferenceKind.CHANGED, cue.exchange.service, ", ".join(astray))
    elif len(cue.calls) > 1 or (not cue.calls and _owes_a_delivery(cue, answer)):
        yield Difference("upstream.deliveries", "count", DifferenceKind.COUNT, "1", str(len(cue.calls)))
    if cue.held_back:
        yield Difference("stream", "first event", DifferenceKind.CHANGED, "at once", "only with what follows")
    yield from _frames(cue)


def _owes_a_delivery(cue: Cue, answer: Response | Failure) -> bool:
    """The gateway answers what legacy answered, without a refusal of its own, and asked nobody."""
    recorded = cue.exchange.response
    return (
        not cue.exchange.request.is_preflight
        and isinstance(answer, Response)
        and isinstance(recorded, Response)
        and answer.status == recorded.status
        and not _is_problem(answer)
    )


def _frames(cue: Cue) -> Iterator[Difference]:
    said = [frame.data for frame in cue.exchange.frames if frame.from_client]
    if not cue.calls or said == [frame.data for frame in cue.frames]:
        return
    yield Difference(
        "frame", "upstream", DifferenceKind.COUNT, f"{len(said)} as sent", f"{len(cue.frames)} delivered"
    )
