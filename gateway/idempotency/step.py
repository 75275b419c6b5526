"""The step of the spine: the first request with a key goes on, any other meets what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import header
from gateway.idempotency.claim import Verdict, kept
from gateway.idempotency.identity import asked, bearer, known_user, user
from gateway.idempotency.key import BadKeyError, counts, key_of
from gateway.idempotency.ledger import Away
from gateway.idempotency.passing import Digested, Recorded, Replay, lasting
from gateway.idempotency.refusal import refusal
from gateway.problem import BadRequest, Problem, Unavailable, UpstreamProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from gateway.answer import Answering
    from gateway.caller import Caller
    from gateway.core.exchange import Headers, Request
    from gateway.core.idempotency import Idempotency
    from gateway.core.routes import Route
    from gateway.idempotency.claims import Claim, Claims, Outcome
    from gateway.idempotency.identity import Claimant
    from gateway.idempotency.keys import Keys
    from gateway.metrics import Metrics
    from gateway.transport.client import Source

    Onward = Callable[[Source | None], Awaitable[Answering]]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with a key: its route, who asks, the headers it came with, and the client's address."""

    key: str
    route: Route
    caller: Caller
    headers: Headers
    client: str


def key_for(route: Route, request: Request) -> str:
    """The key that counts for this request; empty for reads, safe methods and requests without one.

    Raises:
        BadRequest: the header cannot name one request.
    """
    if not counts(route, request.method):
        return ""
    try:
        return key_of(request.headers)
    except BadKeyError as error:
        raise BadRequest(str(error), reason="idempotency-key") from None


class Once:
    """Serves requests with keys; one per gateway."""

    def __init__(self, claims: Claims, metrics: Metrics) -> None:
        self._claims = claims
        self._metrics = metrics
        self._tasks: set[asyncio.Task[Any]] = set()

    async def pass_on(
        self, keyed: Keyed, request: Request, source: Source | None, onward: Onward, terms: Idempotency
    ) -> tuple[Answering, bool]:
        """The service's answer, and whether it is a replay; `request` stands in the service's terms.

        What `onward` began is ended and its outcome kept, also when the client has left or the caller is cancelled.

        Raises:
            Conflict: a request with this key is under way, was lost, or has an answer that cannot be given again.
            Unprocessable: the key was used for another request.
            Unavailable: the ledger is away.
            Problem, ClientGone: as `onward` does.
        """
        digested = None if source is None else Digested(source, self._claims.keys.body())
        outcome = await self._met(keyed, request, digested, terms)
        self._count(keyed, outcome.verdict)
        if outcome.verdict is Verdict.REPLAYED and outcome.answer is not None:
            return Replay(outcome.answer), True
        if outcome.claim is None:
            raise refusal(outcome)
        host = header(request.headers, "host") or ""
        task = self._start(self._send(outcome.claim, digested, onward, host))
        try:
            return await asyncio.shield(task), False
        except asyncio.CancelledError:
            task.add_done_callback(_give_up)
            raise

    async def close(self) -> None:
        """Let what is under way end, for a second; what is cut then counts as lost."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        await self._claims.close()

    async def _met(self, keyed: Keyed, request: Request, digested: Digested | None, terms: Idempotency) -> Outcome:
        keys = self._claims.keys
        ask = asked(keys, _claimant(keys, keyed), keyed.route, keyed.key, request, whole=digested is None)
        try:
            outcome = await self._claims.claim(ask, terms)
        except Away as error:
            self._count(keyed, "away")
            raise Unavailable(
                "Requests with an Idempotency-Key cannot be served now",
                reason="ledger",
                headers=(("retry-after", "1"),),
            ) from error
        if outcome.verdict is Verdict.COMPARE and outcome.found is not None and digested is not None:
            while await digested.take():
                pass
            return self._claims.met(outcome.found, replace(ask, body=digested.text))
        return outcome

    async def _send(self, claim: Claim, digested: Digested | None, onward: Onward, host: str) -> Answering:
        try:
            upstream = await onward(digested)
        except BaseException as error:
            # What never reached the service whole was not carried out (RFC 9112 §8); of the rest nobody knows.
            if _unsent(error) or not (digested is None or digested.complete):
                await self._claims.release(claim)
            else:
                await self._claims.lost(claim)
            raise
        if not kept(upstream.status):
            await self._claims.release(claim)
            return upstream

        async def keep(body: bytes | None) -> None:
            passed = digested.text if digested else ""
            await self._claims.answered(claim, lasting(upstream.status, upstream.headers, body, host), passed)

        return Recorded(upstream, keep, claim.terms.max_answer, self._start)

    def _start[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _count(self, keyed: Keyed, outcome: str) -> None:
        self._metrics.count("cutover_idempotency_total", route=keyed.route.id, outcome=outcome)


def _claimant(keys: Keys, keyed: Keyed) -> Claimant:
    if known_user(keyed.route, keyed.caller.subject):
        return user(keys, keyed.headers, keyed.caller.subject, keyed.caller.organisation)
    return bearer(keys, keyed.headers, keyed.client)


def _unsent(error: BaseException) -> bool:
    if isinstance(error, UpstreamProblem):
        return not error.sent
    return isinstance(error, Problem)


def _give_up(task: asyncio.Task[Answering]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
