"""The step of the spine: the first request with a key goes on, any other meets what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import header
from gateway.idempotency.claim import Verdict, kept
from gateway.idempotency.identity import asked
from gateway.idempotency.key import BadKeyError, counts, key_of
from gateway.idempotency.ledger import Away
from gateway.idempotency.passing import Digested, Recorded, Replay, lasting
from gateway.idempotency.refusal import refusal
from gateway.problem import BadRequest, Problem, Unavailable, UpstreamProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from gateway.answer import Answering
    from gateway.core.exchange import Request
    from gateway.core.idempotency import Idempotency
    from gateway.core.routes import Route
    from gateway.idempotency.claim import Asked
    from gateway.idempotency.claims import Claim, Claims, Outcome
    from gateway.idempotency.identity import Claimant
    from gateway.idempotency.keys import Keys
    from gateway.metrics import Metrics
    from gateway.transport.client import Source

    Onward = Callable[[Source | None], Awaitable[Answering]]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with a key: its route, and whose key it is; with `regardless` it goes on without the ledger."""

    key: str
    route: Route
    who: Claimant
    regardless: bool = False


def key_for(route: Route, request: Request, *, lenient: bool = False) -> str:
    """The key that counts for this request; empty for reads, safe methods and requests without one.

    With `lenient` a header that cannot name one request counts as none.

    Raises:
        BadRequest: the header cannot name one request.
    """
    if not counts(route, request.method):
        return ""
    try:
        return key_of(request.headers)
    except BadKeyError as error:
        if lenient:
            return ""
        raise BadRequest(str(error), reason="idempotency-key") from None


class Once:
    """Serves requests with keys; one per gateway."""

    def __init__(self, claims: Claims, metrics: Metrics) -> None:
        self._claims = claims
        self._metrics = metrics
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def keys(self) -> Keys:
        """What digests are made with."""
        return self._claims.keys

    async def pass_on(
        self, keyed: Keyed, request: Request, source: Source | None, onward: Onward, terms: Idempotency
    ) -> tuple[Answering, bool]:
        """The service's answer, and whether it is a replay; `request` stands in the service's terms.

        What `onward` began is ended and its outcome kept, also when the client has left or the caller is cancelled.

        Raises:
            Conflict: a request with this key is under way, was lost, or has an answer that cannot be given again.
            Unprocessable: the key was used for another request.
            Unavailable: the ledger is away, and the request does not go on regardless.
            Problem, ClientGone: as `onward` does.
        """
        digested = self._digested(source)
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

    async def again(self, keyed: Keyed, request: Request, source: Source | None) -> Answering | None:
        """The answer kept for the same request of the same caller, None without one; nothing is claimed or sent.

        Raises:
            Problem, ClientGone: the body cannot be read.
        """
        digested = self._digested(source)
        ask = self._asked(keyed, request, digested)
        try:
            outcome = await self._claims.seen(ask)
        except Away:
            return None
        if outcome is not None:
            outcome = await self._compared(outcome, ask, digested)
        if outcome is None or outcome.verdict is not Verdict.REPLAYED or outcome.answer is None:
            return None
        self._count(keyed, outcome.verdict)
        return Replay(outcome.answer)

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
        ask = self._asked(keyed, request, digested)
        try:
            outcome = await self._claims.claim(ask, terms, regardless=keyed.regardless)
        except Away as error:
            self._count(keyed, "away")
            raise Unavailable(
                "Requests with an Idempotency-Key cannot be served now",
                reason="ledger",
                headers=(("retry-after", "1"),),
            ) from error
        return await self._compared(outcome, ask, digested)

    async def _compared(self, outcome: Outcome, ask: Asked, digested: Digested | None) -> Outcome:
        if outcome.verdict is Verdict.COMPARE and outcome.found is not None and digested is not None:
            while await digested.take():
                pass
            return self._claims.met(outcome.found, replace(ask, body=digested.text))
        return outcome

    def _digested(self, source: Source | None) -> Digested | None:
        return None if source is None else Digested(source, self.keys.body())

    def _asked(self, keyed: Keyed, request: Request, digested: Digested | None) -> Asked:
        return asked(self.keys, keyed.who, keyed.route, keyed.key, request, whole=digested is None)

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


def _unsent(error: BaseException) -> bool:
    if isinstance(error, UpstreamProblem):
        return not error.sent
    return isinstance(error, Problem)


def _give_up(task: asyncio.Task[Answering]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
