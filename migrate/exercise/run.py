"""One run: each distinct shape of each route is asked of the gateway as a marked dry run, and compared."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.core.exchange import Exchange, Failure, Response, header
from gateway.core.mapping import MappingError
from gateway.core.observation import Verdict
from gateway.core.routes import Kind
from gateway.store.rollups import EXERCISE
from migrate.exercise.call import legacy_call
from migrate.exercise.result import Exercised, ExerciseRun, Outcome
from shadow.observe import observe
from shadow.pairing import DRY_RUN, Pair
from shadow.serve import in_gateway_terms
from shadow.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.core.exchange import Request
    from gateway.core.exercise import Example
    from gateway.core.observation import Observation
    from gateway.core.routes import Route
    from migrate.exercise.call import Caller
    from shadow.mirror import Copied, Mirror
    from shadow.observe import Setting

_LIMITED = 429
_LONGEST_WAIT = 10
_TRIES = 3


@dataclass(frozen=True)
class Exerciser:
    """What a run needs: how to ask, how to judge, who calls which route, and the flags' revisions."""

    mirror: Mirror
    setting: Setting
    callers: Mapping[str, Caller | None]
    revisions: Mapping[str, int]


async def run(
    exerciser: Exerciser, planned: Sequence[tuple[Route, Sequence[Example]]], progress: Callable[[int], None]
) -> tuple[ExerciseRun, list[Observation]]:
    """Exercise every route in turn; nothing is ever executed. `progress` hears how many dry runs are made."""
    exercised: list[Exercised] = []
    observations: list[Observation] = []
    skipped: list[tuple[str, str]] = []
    for route, examples in planned:
        reason = _unfit(route, exerciser, examples)
        if reason:
            skipped.append((route.id, reason))
        for example, request in () if reason else _distinct(exerciser, route, examples):
            done, observation = await _one(exerciser, route, example, request)
            exercised.append(done)
            observations += [observation] if observation else []
            progress(len(exercised))
    return ExerciseRun(tuple(exercised), tuple(skipped)), observations


def _unfit(route: Route, exerciser: Exerciser, examples: Sequence[Example]) -> str:
    if route.kind is Kind.WEBSOCKET:
        return "a WebSocket has no dry run"
    if exerciser.callers.get(route.id) is None:
        return "no credential is known; set CUTOVER_PROBE_TOKEN or CUTOVER_JWT_SECRET"
    if not examples:
        return "no shape is known; declare `exercise:` on the route, or `openapi:` on its service"
    return ""


def _distinct(exerciser: Exerciser, route: Route, examples: Sequence[Example]) -> list[tuple[Example, Request]]:
    """The first example of each parameter shape."""
    caller = exerciser.callers[route.id]
    assert caller is not None  # noqa: S101 - such a route is skipped
    service = exerciser.setting.table.services[route.service]
    found: dict[str, tuple[Example, Request]] = {}
    for example in examples:
        request = legacy_call(route, service, example, caller)
        found.setdefault(shape_of(route, request), (example, request))
    return list(found.values())


async def _one(
    exerciser: Exerciser, route: Route, example: Example, legacy: Request
) -> tuple[Exercised, Observation | None]:
    done = Exercised(route.id, shape_of(route, legacy), example.origin, Outcome.FAILED)
    primary = Exchange(uuid.uuid4().hex, route.service, legacy, Response(0), time.time())
    try:
        asked = in_gateway_terms(route, route.legacy.path.match(legacy.path) or {}, legacy)
    except MappingError as error:
        return replace(done, detail=f"it cannot be said in the gateway's terms: {error}"), None
    copied = await _asked(exerciser.mirror, primary, asked)
    answer = copied.exchange.response
    if isinstance(answer, Failure):
        return replace(done, detail=f"{answer.kind} {answer.detail}".strip()), None
    if copied.refused or copied.upstream is None:
        outcome = Outcome.REFUSED if copied.refused else Outcome.FAILED
        return replace(done, outcome=outcome, detail=f"{answer.status} {_detail(answer)}".strip()), None
    pair = Pair(route, primary, copied.exchange, DRY_RUN, EXERCISE, EXERCISE, upstream=copied.upstream)
    observation = await asyncio.to_thread(observe, pair, exerciser.setting)
    observation = replace(observation, revision=exerciser.revisions.get(route.id, 0))
    same = observation.verdict in {Verdict.MATCH, Verdict.EXPECTED}
    where = ", ".join(f"{one.location} {one.path}".strip() for one in observation.differences if not one.by)
    done = replace(done, outcome=Outcome.SAME if same else Outcome.DIFFERENT, observation=observation.id)
    return replace(done, detail="" if same else where or observation.note), observation


async def _asked(mirror: Mirror, primary: Exchange, request: Request) -> Copied:
    """What the gateway would send; a limit is waited for, each time with a mark of its own."""
    for _ in range(_TRIES - 1):
        copied = await mirror.to_gateway(primary, request, dry_run=True)
        answer = copied.exchange.response
        if isinstance(answer, Failure) or answer.status != _LIMITED:
            return copied
        await asyncio.sleep(_wait(answer))
    return await mirror.to_gateway(primary, request, dry_run=True)


def _wait(answer: Response) -> int:
    said = header(answer.headers, "retry-after") or ""
    return min(int(said), _LONGEST_WAIT) if said.isascii() and said.isdecimal() else 1


def _detail(answer: Response) -> str:
    try:
        document = json.loads(answer.body)
    except ValueError:
        return answer.reason
    found = document.get("detail") or document.get("title") if isinstance(document, dict) else None
    return found if isinstance(found, str) else answer.reason
