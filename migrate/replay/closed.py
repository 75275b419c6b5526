"""The closed replay: every recorded request goes through the gateway under test, whose upstream is the recording."""

from __future__ import annotations

import time
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.core.exchange import Exchange, Failure
from gateway.core.mapping import MappingError
from gateway.core.observation import Bucket, Verdict
from gateway.core.routes import Kind
from gateway.core.subject import fingerprint, subject_of
from gateway.store.database import open_store
from migrate.replay.client import ask
from migrate.replay.clock import PlayClock
from migrate.replay.delivery import judged, refuses
from migrate.replay.outcome import Outcome, Played
from migrate.replay.player import playing
from migrate.replay.questions import Questions
from migrate.replay.sockets import Sockets
from migrate.replay.translate import Translator
from migrate.replay.under_test import aimed_at, embedded
from shadow.observe import Setting, observe
from shadow.pairing import READ, Pair
from shadow.replay import account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from gateway.core.exchange import Headers, Request
    from gateway.core.observation import Rule
    from gateway.core.table import RouteTable
    from migrate.replay.player import Cue, Player
    from migrate.replay.under_test import Factory, Keys
    from shadow.replay import Placed

SECRET_HEADERS = {"authorization", "cookie", "x-internal-api-key", "x-internal-key"}
DEADLINE = 15.0
"""Seconds the gateway may take for one answer."""


@dataclass(frozen=True)
class Plan:
    """How to play: rules that explain differences, fixed player addresses, who hears of progress."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    listen: Mapping[str, str] = field(default_factory=dict)
    progress: Callable[[int], None] = lambda _: None


async def play(
    placed: Sequence[Placed], table: RouteTable, factory: Factory, keys: Keys, plan: Plan | None = None
) -> Outcome:
    """Play the exchanges against a gateway that `factory` builds, in the order they began.

    The gateway has the recording's clock, the given keys, every exposed route in stage gateway, and a store that is
    gone at the end: in it stands what it keeps of requests with an Idempotency-Key.
    """
    plan = plan or Plan()
    clock = PlayClock()
    async with _stage(table, plan) as (player, aimed):
        with TemporaryDirectory(prefix="cutover-replay-") as folder:
            store = Path(folder) / "cutover.db"
            open_store(store).close()
            async with embedded(factory, aimed, keys, clock, store) as url:
                return await _Play(placed, aimed, keys, plan, player, url, clock).run()


async def play_at(placed: Sequence[Placed], table: RouteTable, url: str, keys: Keys, plan: Plan) -> Outcome:
    """Play the exchanges against a gateway that runs at `url`, with the player as its services and its clock set."""
    async with _stage(table, plan) as (player, aimed):
        return await _Play(placed, aimed, keys, plan, player, url, PlayClock()).run()


@asynccontextmanager
async def _stage(table: RouteTable, plan: Plan) -> AsyncIterator[tuple[Player, RouteTable]]:
    listen = {service: plan.listen.get(service, "127.0.0.1:0") for service in table.services}
    async with playing(listen) as player:
        yield player, aimed_at(table, player.addresses)


class _Play:
    def __init__(
        self,
        placed: Sequence[Placed],
        table: RouteTable,
        keys: Keys,
        plan: Plan,
        player: Player,
        url: str,
        clock: PlayClock,
    ) -> None:
        # Recorders write in the order in which exchanges end; clients sent them in the order in which they began.
        self._placed = sorted(placed, key=lambda one: one.exchange.started)
        self._table, self._key, self._plan = table, keys.fingerprint, plan
        self._player, self._url, self._clock = player, url, clock
        self._setting = Setting(table, keys.fingerprint, plan.rules, url, __version__, time.time)
        self._translator = Translator(self._placed, url)
        self._sockets = Sockets(url)
        self._questions = player.questions = Questions(self._placed, table)
        self._run = uuid.uuid4().hex[:12]

    async def run(self) -> Outcome:
        played = []
        for position, one in enumerate(self._placed):
            played.append(await self._one(position, one))
            self._plan.progress(len(played))
        played.sort(key=lambda entry: entry.number)
        stray = tuple(f"{call.service}: {call.request.method} {call.request.path}" for call in self._player.stray)
        return Outcome(account(self._placed), tuple(played), stray)

    async def _one(self, position: int, one: Placed) -> Played:
        number = one.recorded.number
        if one.matched is None:
            return Played(number, "", Bucket.UNMATCHED, one.reason)
        route = one.matched.route
        if isinstance(one.exchange.response, Failure):
            return Played(number, route.id, Bucket.UNMIRRORED, "no answer recorded")
        if one.exchange.response.truncated:
            return Played(number, route.id, Bucket.UNMIRRORED, "recorded answer broke off")
        if route.gateway is None:
            return Played(number, route.id, Bucket.OFF, "internal")
        try:
            return await self._compared(position, one)
        except MappingError as error:
            return Played(number, route.id, Bucket.FAILED, str(error))
        finally:
            self._player.current = None

    async def _compared(self, position: int, one: Placed) -> Played:
        assert one.matched is not None  # noqa: S101 - the caller has looked
        route = one.matched.route
        self._clock.now = one.exchange.started
        began = time.perf_counter()
        cue = self._player.cue(one.exchange)
        if route.kind is Kind.WEBSOCKET:
            opened = await self._sockets.open(one.exchange)
            if opened is None:
                reason = "no descriptor with this subscription was answered before the socket"
                return Played(one.recorded.number, route.id, Bucket.UNMIRRORED, reason)
            request, answer, frames, close = opened.request, opened.answer, opened.frames, opened.close
            one = _called_by(one, opened.credential)
        else:
            request = self._translator.translate(position, one)
            self._questions.about(one.exchange, request)
            answer, frames = await ask(self._url, request, deadline=DEADLINE, on_body=cue.arrived.set), ()
            close = None
            self._sockets.remember(request, answer)
        gateway = Exchange(
            f"{self._run}-{one.recorded.number}",
            one.exchange.service,
            request,
            answer,
            one.exchange.started,
            total=time.perf_counter() - began,
            frames=frames,
            close=close,
        )
        observation = judged(observe(self._pair(one, gateway, cue), self._setting), cue, answer)
        bucket = Bucket.FAILED if observation.verdict is Verdict.FAILED else Bucket.COMPARED
        return Played(one.recorded.number, route.id, bucket, observation=observation)

    def _pair(self, one: Placed, gateway: Exchange, cue: Cue) -> Pair:
        assert one.matched is not None  # noqa: S101 - the caller has looked
        upstream = _fingerprinted(cue.calls[0].request, self._key) if cue.calls else None
        legacy = replace(one.exchange, id=gateway.id)
        subject = subject_of(one.exchange.request, self._key).key
        refused = not cue.calls and refuses(gateway.response)
        return Pair(one.matched.route, legacy, gateway, READ, "replay", subject, upstream, refused=refused)


def _called_by(one: Placed, credential: Headers) -> Placed:
    # A browser's socket carries no credential; who opens it is known from the descriptor it was given.
    request = one.exchange.request
    return replace(
        one, exchange=replace(one.exchange, request=replace(request, headers=request.headers + credential))
    )


def _fingerprinted(request: Request, key: bytes) -> Request:
    headers = tuple(
        (name, fingerprint(key, value) if name.lower() in SECRET_HEADERS else value)
        for name, value in request.headers
    )
    return replace(request, headers=headers)
