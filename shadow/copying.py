"""One copy from the envelope to the observation: map, send, pair, look again where needed, observe."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.core.exchange import Exchange, Failure, Request, Response
from gateway.core.mapping import MappingError
from gateway.core.observation import Bucket
from gateway.core.routes import Effect
from gateway.store.counts import Refusal
from shadow.answered import checked, lesson
from shadow.budget import Budget
from shadow.chosen import chosen
from shadow.discipline import MOST, Discipline, Grant
from shadow.envelope import Outcome
from shadow.observe import Ask, observed, wanted
from shadow.pairing import DRY_RUN, READ, SERVED, Pair
from shadow.plan import Copying
from shadow.serve import copyable, in_gateway_terms
from shadow.sums import incomparable
from shadow.writes import Writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.answer_shape import Answers
    from gateway.core.observation import Observation
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.store.noise import Lesson
    from shadow.envelope import Copy
    from shadow.mirror import Copied, Mirror
    from shadow.observe import Setting

_REAL = frozenset({Copying.READ, Copying.METERED, Copying.SERVED})
"""Copies that reach the platform."""
SETTLING = 5.0
"""Seconds for which the platform may be working off a write: it answers before it has done everything."""
LATE = 10.0
"""Seconds a copy may wait for its turn: a later answer would be compared with another state of the platform."""


@dataclass(frozen=True, slots=True)
class Done:
    """Where a copy landed, and what there is to record of it."""

    outcome: Outcome
    observation: Observation | None = None
    refusal: Refusal | None = None
    lesson: Lesson | None = None
    answers: Answers | None = None


class Copier:
    """Makes copies; `setting` gives what observing needs at this moment."""

    def __init__(self, table: RouteTable, mirror: Mirror, setting: Callable[[], Setting]) -> None:
        self._table = table
        self._mirror = mirror
        self._setting = setting
        self._budget = Budget()
        self.discipline = Discipline(table)
        self.writes = Writes()

    async def copy(self, copy: Copy, waited: float) -> Done:
        """Make one copy; never raises for what the gateway or legacy do."""
        route = self._table.route(copy.route)
        identity = copy.exchange.id
        if route is None:
            return Done(Outcome(identity, Bucket.UNMIRRORED, "unknown route"))
        foreign = self._table.mirroring.foreign and not copyable(route, copy.exchange.request)
        if foreign or copy.copying is Copying.ANSWER:
            return await self._unsent(route, copy)
        if waited > LATE:
            return Done(Outcome(identity, Bucket.SHED, "late"))
        try:
            request = in_gateway_terms(route, copy.parameters, copy.exchange.request)
        except MappingError:
            return Done(Outcome(identity, Bucket.UNMIRRORED, "unmappable"))
        grant = self._granted(route, copy)
        if isinstance(grant, str):
            return Done(Outcome(identity, Bucket.SAMPLED_OUT, grant))
        try:
            pair = await self._pair(route, copy, request, grant)
        finally:
            grant.close()
        landed = (Bucket.FAILED, "fallback") if copy.copying is Copying.FALLBACK else _bucket(pair)
        done = await self._observed(pair, Outcome(identity, *landed))
        return replace(done, answers=lesson(route, copy) if copy.copying is Copying.DRY_RUN else None)

    async def _unsent(self, route: Route, copy: Copy) -> Done:
        """What is sent nowhere; of a write that the gateway served the answer is looked at."""
        outcome = Outcome(copy.exchange.id, Bucket.UNMIRRORED, str(route.effect))
        if copy.copying is not Copying.ANSWER:
            return Done(outcome)
        return Done(outcome, await asyncio.to_thread(checked, route, copy, self._setting()))

    def _granted(self, route: Route, copy: Copy) -> Grant | str:
        """What the copy may ask of the platform; a preflight asks the gateway alone, as a dry run does."""
        self.discipline.seen(route, copy)
        if copy.copying not in _REAL or copy.exchange.request.is_preflight:
            return Grant(MOST if copy.exchange.request.is_preflight else 0)
        if copy.copying is not Copying.METERED:
            return self.discipline.grant(route)
        granted = self.discipline.grant(route, 1)
        if isinstance(granted, str):
            return Grant(0)
        if not self._budget.spend(route.id, route.shadow.budget, time.time()):
            granted.close()
        return granted

    async def _pair(self, route: Route, copy: Copy, request: Request, grant: Grant) -> Pair:
        primary = copy.exchange
        if copy.copying is Copying.SERVED:
            grant.use()
            legacy = await self._mirror.to_legacy(self._legacy(route), primary, primary.request)
            if isinstance(legacy.response, Response) and not primary.request.is_preflight:
                self.discipline.answered(route, legacy.first_byte)
            pair = Pair(route, legacy, replace(primary, request=request), SERVED, "live", copy.subject)
            return await self._looked_at_again(pair, grant)
        if copy.copying is Copying.FALLBACK:
            gone = replace(primary, request=request, response=Failure("connect", "legacy served instead"))
            return Pair(route, primary, gone, READ, "live", copy.subject)
        dry_run = not grant.use()
        copied = await self._mirror.to_gateway(primary, request, dry_run=dry_run)
        pair = _paired(route, copy, copied, DRY_RUN if dry_run else READ)
        return pair if dry_run else await self._looked_at_again(pair, grant)

    async def _looked_at_again(self, pair: Pair, grant: Grant) -> Pair:
        """The pair with what else must be asked to judge it; of a sample legacy is asked in any case."""
        twice = pair.route.effect is Effect.READ and chosen(pair.legacy.id, self._second(pair.route))
        if twice and not _failed(pair) and grant.use():
            pair = replace(await self._ask(Ask.LEGACY, pair), sampled=True)
        while (whom := await asyncio.to_thread(wanted, pair, self._setting())) is not Ask.NOBODY and grant.use():
            pair = await self._ask(whom, pair)
        return pair

    async def _ask(self, whom: Ask, pair: Pair) -> Pair:
        request = pair.legacy.request
        if whom is Ask.LEGACY:
            pair = replace(pair, again=await self._mirror.to_legacy(self._legacy(pair.route), pair.legacy, request))
        else:
            copied = await self._mirror.to_gateway(pair.legacy, pair.gateway.request, dry_run=False)
            pair = replace(pair, retried=copied.exchange)
        return self._with_writes(pair)

    def _with_writes(self, pair: Pair) -> Pair:
        first = min(pair.legacy.started, pair.gateway.started)
        lately = self.writes.since(pair.subject, first - SETTLING)
        return replace(pair, writes=self.writes.since(pair.subject, first), settling=lately > 0)

    def _second(self, route: Route) -> float:
        own = route.shadow.second
        return self._table.mirroring.second if own is None else own

    async def _observed(self, pair: Pair, outcome: Outcome) -> Done:
        if pair.mode != DRY_RUN:
            pair = self._with_writes(pair)
        seen = await asyncio.to_thread(observed, pair, self._setting())
        return Done(outcome, seen.observation, _refusal(pair), seen.lesson)

    def _legacy(self, route: Route) -> str:
        return self._table.services[route.service].legacy


def _paired(route: Route, copy: Copy, copied: Copied, mode: str) -> Pair:
    return Pair(
        route,
        copy.exchange,
        copied.exchange,
        mode,
        "live",
        copy.subject,
        upstream=copied.upstream,
        refused=copied.refused,
    )


def _failed(pair: Pair) -> bool:
    return _bucket(pair)[0] is not Bucket.COMPARED


def _bucket(pair: Pair) -> tuple[Bucket, str]:
    for exchange in (pair.gateway, pair.legacy):
        if isinstance(exchange.response, Failure):
            kind = exchange.response.kind
            side = "" if exchange is pair.gateway else "legacy "
            return (Bucket.TIMED_OUT if kind == "timeout" else Bucket.FAILED), side + kind
        if exchange.response.truncated:
            return Bucket.OVERSIZE, "copy"
    if pair.mode != DRY_RUN and incomparable(pair):
        return Bucket.OVERSIZE, "coding"
    return Bucket.COMPARED, ""


def _refusal(pair: Pair) -> Refusal | None:
    exchange: Exchange = pair.gateway
    # Nobody is locked out by being refused what legacy refuses as well.
    if not pair.refused or pair.refused_alike or not isinstance(exchange.response, Response):
        return None
    at = pair.legacy.started
    status = exchange.response.status
    return Refusal(pair.route.id, pair.subject, status, _reason(exchange.response), 1, at, at)


def _reason(response: Response) -> str:
    """The gateway's short word for a refusal (`missing`, `scope`, `limit` …), else its title, else HTTP's."""
    try:
        document = json.loads(response.body)
    except ValueError:
        return response.reason
    said = [document.get(name) for name in ("reason", "title")] if isinstance(document, dict) else []
    return next((word for word in said if isinstance(word, str) and word), response.reason)
