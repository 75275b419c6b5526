"""Idempotency-Key on the legacy path: the same ledger as the gateway's, asked where legacy is about to serve.

A call that goes to the gateway is left to the gateway. While the ledger is away legacy serves as ever.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Response, header
from gateway.core.observation import Bucket
from gateway.core.routes import Stage
from gateway.idempotency.claim import Verdict
from gateway.idempotency.claimant import claimant
from gateway.idempotency.identity import asked, in_service_terms
from gateway.idempotency.key import REPLAYED, BadKeyError, counts, key_of
from gateway.idempotency.opened import opened
from gateway.idempotency.passing import lasting
from gateway.idempotency.refusal import refusal
from gateway.settings import REDIS, jwt_secrets, redis_url
from gateway.store.database import secret_key
from shadow.invisible import conflict, cors_headers
from shadow.plan import Copying, Side
from shadow.turn import Tee, declared_length

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.idempotency.claim import Asked
    from gateway.idempotency.claims import Claims, Outcome
    from gateway.idempotency.identity import Claimant
    from gateway.idempotency.keys import Kept
    from shadow.turn import Turn

_log = logging.getLogger("cutover.shadow")


class Once:
    """What the proxy does about keys; belongs to its event loop.

    The `secrets` check tokens; they are empty where this process was given none.
    """

    def __init__(
        self, table: RouteTable, claims: Claims, secrets: Sequence[str], clock: Callable[[], float] = time.time
    ) -> None:
        self._table = table
        self._claims = claims
        self._secrets = secrets
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()
        self._unguarded = 0

    async def admit(self, turn: Turn, *, whole: bool) -> Response | None:
        """Let a request pass to legacy, with a claim where it has a key; else what it is answered instead.

        With `whole` false its body is still to come: it passes with a claim, or is to be read first (`turn.held`).
        """
        ask = self._asked(turn, whole=whole)
        if ask is None or turn.claim is not None:
            return None
        terms = self._table.policy.idempotency
        outcome = await self._claims.claim(ask, terms, regardless=True)
        self._tell(outcome.verdict)
        if outcome.claim is not None:
            turn.claim, turn.kept = outcome.claim, Tee(terms.max_answer)
            turn.digest = None if whole else self._claims.keys.body()
            return None
        if outcome.verdict is Verdict.COMPARE and (declared_length(turn.request) or 0) in range(
            1, self._table.policy.max_body + 1
        ):
            turn.held = True
            return None
        reason = f"key {outcome.verdict}"
        turn.plan = replace(
            turn.plan, side=Side.SHADOW, copying=Copying.NONE, bucket=Bucket.UNMIRRORED, reason=reason
        )
        return self._answer(turn, outcome)

    def answered(self, turn: Turn, status: int, headers: Headers, *, whole: bool = True) -> None:
        """The service answered; with `whole` false its body broke off."""
        claim, turn.claim = turn.claim, None
        if claim is None or turn.kept is None:
            return
        body = turn.kept.body if whole and not turn.kept.over else None
        passed = turn.digest.text if turn.digest and turn.complete else ""
        answer = lasting(status, headers, body, header(turn.request.headers, "host") or "")
        self._start(self._claims.answered(claim, answer, passed))

    def unanswered(self, turn: Turn, *, connected: bool) -> None:
        """There is no answer: without a connection, or before the request was whole, nothing was carried out."""
        claim, turn.claim = turn.claim, None
        if claim is not None:
            lost = connected and turn.complete
            self._start(self._claims.lost(claim) if lost else self._claims.release(claim))

    async def close(self) -> None:
        """Write down what ended, for a second, and let go."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        await self._claims.close()

    def _asked(self, turn: Turn, *, whole: bool) -> Asked | None:
        """The identity of a request whose key counts; None for any other."""
        plan, request = turn.plan, turn.request
        route = plan.route
        if route is None or route.gateway is None or not counts(route, request.method) or not _moving(turn):
            return None
        try:
            key = key_of(request.headers)
        except BadKeyError:
            # Legacy never looked at it.
            return None
        who = self._claimant(route, request) if key else None
        if who is None:
            return None
        keys = self._claims.keys
        said = in_service_terms(route, plan.parameters, request)
        return asked(keys, who, route, key, said, whole=whole)

    def _claimant(self, route: Route, request: Request) -> Claimant | None:
        return claimant(
            self._claims.keys,
            self._table,
            route,
            request.headers,
            request.client,
            secrets=self._secrets,
            now=self._clock(),
        )

    def _answer(self, turn: Turn, outcome: Outcome) -> Response:
        cors = cors_headers(self._table.policy.cors, turn.request)
        if outcome.verdict is Verdict.REPLAYED and outcome.answer is not None:
            return _replay(outcome.answer, cors)
        told = refusal(outcome)
        return conflict(told.status, told.detail, told.reason, (*told.headers, *cors))

    def _tell(self, verdict: Verdict) -> None:
        if verdict is Verdict.AWAY:
            self._unguarded += 1
            if self._unguarded == 1:
                _log.warning("the idempotency ledger is away: calls with a key pass to legacy without it")
        elif self._unguarded:
            _log.warning("the idempotency ledger is back; %d calls passed without it", self._unguarded)
            self._unguarded = 0

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def once(table: RouteTable, store: Path) -> Once:
    """Keys as this process serves them; the environment says where Redis is and how tokens are signed.

    Raises:
        ConfigError: `answers.key` beside the store is not usable, or the address of Redis is none.
    """
    address = redis_url(os.environ.get(REDIS, ""))
    claims = opened(store, secret_key(store.parent, "answers"), address)
    return Once(table, claims, jwt_secrets(os.environ))


def _moving(turn: Turn) -> bool:
    # A route that never left stage legacy cannot be in the middle of a flip, and nothing of it is touched.
    flag = turn.plan.flag
    return flag.stage is not Stage.LEGACY or flag.left_shadow


def _replay(answer: Kept, cors: Headers) -> Response:
    kept = tuple(pair for pair in answer.headers if not pair[0].lower().startswith("access-control-"))
    shown: Headers = (("access-control-expose-headers", REPLAYED),) if cors else ()
    phrase = HTTPStatus(answer.status).phrase if answer.status in list(HTTPStatus) else ""
    return Response(answer.status, (*kept, *cors, *shown, (REPLAYED, "true")), answer.body or b"", phrase)
