"""The proxy's books: every primary request opened and settled once, copies handed over, counts sent on."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.observation import Bucket
from gateway.core.routes import Stage
from shadow.buckets import Ledger, Sampler, Tally
from shadow.channel import Channel
from shadow.envelope import Counts, Outcome, Wrote
from shadow.plan import Copying, Side
from shadow.summing import Summing
from shadow.turn import Tee

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.exchange import BodySum, Response
    from shadow.plan import Plan
    from shadow.turn import Turn

_INTERVAL = 0.25
"""Seconds between two reports of the counts to the worker."""
_SERVED_SAMPLE = 0.1
"""The share of reads copied to legacy once a route stands in stage gateway, on top of the route's own share."""


class Handover:
    """Belongs to the event loop's thread; nothing here waits, reads a file or opens a database."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.tally = Tally()
        self.sampler = Sampler()
        self.channel = Channel(self._landed)
        self._summing = Summing()
        self._source = f"shadow:{uuid.uuid4().hex[:12]}"
        self._reporting: asyncio.Task[None] | None = None

    async def start(self, path: Path) -> None:
        """Listen for the worker on a Unix socket and begin to report."""
        await self.channel.listen(path)
        self._reporting = asyncio.get_running_loop().create_task(self._report())

    async def stop(self) -> None:
        """Send the last counts and hang up."""
        if self._reporting:
            self._reporting.cancel()
        self._tell()
        await self.channel.close()

    def sampled(self, plan: Plan) -> Plan:
        """The plan, without its copy where the route's share leaves it out."""
        if plan.copying is Copying.NONE or plan.route is None:
            return plan
        share = plan.route.shadow.sample * (_SERVED_SAMPLE if plan.stage is Stage.GATEWAY else 1)
        if plan.copying is Copying.ANSWER or self.sampler.take(plan.route.id, share):
            return plan
        return replace(plan, copying=Copying.NONE, bucket=Bucket.SAMPLED_OUT)

    def open(self, turn: Turn) -> None:
        """Count a request that came in; the worker hears at once of one that may change what is read next."""
        turn.received = Tee(summing=self._summing)
        self.ledger.open(turn.plan.route_id)
        if turn.may_write and self.channel.connected:
            self.channel.tell(Wrote(turn.plan.subject.key, time.time()))

    def turned_away(self, reason: str) -> None:
        """Count a request that is nobody's here: it was answered, and concerns no service."""
        self.ledger.open("")
        self.ledger.settle("", Bucket.OFF, reason)

    def settle(self, turn: Turn, bucket: Bucket, reason: str = "") -> None:
        """Count where a request landed; a second call changes nothing."""
        if not turn.settled:
            turn.settled = True
            self.ledger.settle(turn.plan.route_id, bucket, reason)

    def finish(self, turn: Turn, response: Response) -> None:
        """The primary answer is complete: settle the request, or hand its copy over once the answer is out."""
        plan = turn.plan
        if plan.copying is Copying.NONE:
            self.settle(turn, plan.bucket, plan.reason)
        elif plan.copying is Copying.ANSWER:
            self._show(turn, response)
        elif turn.oversize(response):
            self.settle(turn, Bucket.OVERSIZE)
        elif not turn.settled:
            turn.settled = True
            loop, passing = asyncio.get_running_loop(), turn.received.passing
            if passing is None:
                loop.call_soon(self._hand, turn, response)
            else:
                passing.finish(loop, lambda known: self._hand_sum(turn, response, known))

    def served(self, turn: Turn, status: int) -> None:
        """Count an answer by the side that gave it; status 0 means there was none. The shadow's own count nowhere."""
        if turn.plan.side is Side.SHADOW:
            return
        self.tally.add(
            turn.plan.route_id,
            turn.plan.side,
            at=time.time(),
            seconds=turn.seconds,
            error=status == 0 or status >= 500,  # noqa: PLR2004 - RFC 9110 §15.6
            fallback=turn.fallback,
        )

    def _show(self, turn: Turn, response: Response) -> None:
        """Count a write that the gateway served, and show its answer to the worker where one listens."""
        first = not turn.settled
        self.settle(turn, turn.plan.bucket, turn.plan.reason)
        if first and self.channel.connected and not (turn.sent.over or turn.received.over):
            asyncio.get_running_loop().call_soon(lambda: self.channel.tell(turn.copy(response)))

    def _hand(self, turn: Turn, response: Response) -> None:
        reason = self.channel.offer(turn.copy(response))
        if reason:
            self.ledger.settle(turn.plan.route_id, Bucket.SHED, reason)

    def _hand_sum(self, turn: Turn, response: Response, known: BodySum | None) -> None:
        turn.received.sum = known
        if known is None:
            self.ledger.settle(turn.plan.route_id, Bucket.OVERSIZE)
        else:
            self._hand(turn, response)

    def _landed(self, route: str, outcome: Outcome) -> None:
        self.ledger.settle(route, outcome.bucket, outcome.reason)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL)
            self._tell()

    def _tell(self) -> None:
        if self.channel.connected:
            self.channel.tell(Counts(self._source, self.ledger, self.tally.take()))
