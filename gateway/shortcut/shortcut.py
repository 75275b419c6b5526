"""The shorter way of one request head: whether it may be gone now, and its first half, up to the service."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.core.random_id import random_id
from gateway.core.trace import new_ids, new_span
from gateway.shortcut.crossing import Crossing
from gateway.shortcut.way import Way
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from gateway.handle import Context
    from gateway.limit.token_bucket import Taken
    from gateway.listen.passage import Passing
    from gateway.shortcut.plan import Plan, Terms
    from gateway.shortcut.relay import Manner
    from gateway.shortcut.way import Onward
    from gateway.transport.connection import Connection


class Shortcut(Way):
    """See `gateway.listen.heads.Shortcut`. Nothing is decided here: what does not hold any more goes the long way."""

    __slots__ = (
        "_at_once",
        "_buckets",
        "_budget",
        "_context",
        "_finished",
        "_first_byte",
        "_flags",
        "_retries",
        "_taken",
        "_terms",
        "_tokens",
    )

    def __init__(self, context: Context, plan: Plan, terms: Terms, manner: Manner, onward: Onward) -> None:
        super().__init__(context, plan, manner, onward)
        self._context, self._terms = context, terms
        self._flags = context.flags
        self._at_once = context.rights.grants.at_once
        self._tokens = context.identity.tokens(terms.table.policy)
        self._buckets = context.limits.buckets
        self._budget = context.resilience.budgets.of(plan.service.name)
        self._retries, self._first_byte = terms.table.policy.retries, plan.matched.route.timeouts.first_byte
        self._finished = context.hand_off.finished
        self._taken = context.metrics.counter("cutover_shortcuts_total")

    def take(self, wire: Passing) -> bool:
        """See `gateway.listen.heads.Shortcut`."""
        plan = self.plan
        if not self.holds() or not self.circuit.closed:
            return False
        connection = self.pool.rested(plan.origin)
        if connection is None:
            return False
        bucket, taken = plan.bucket, None
        if bucket is not None:
            taken = self._buckets.take_here(bucket.key, bucket.pace)
            if taken is None or taken.wait:
                self.pool.put_back(plan.origin, connection)
                return False
        self._begin(wire, connection, taken)
        return True

    def holds(self) -> bool:
        """Whether all that the plan was decided on is as it was."""
        terms = self._terms
        return (
            terms.table is self._context.table
            and terms.flags is self._flags()
            and self._tokens.holds(terms.until, terms.generation)
            and (terms.granted is None or terms.granted is self._at_once(terms.table))
        )

    def _begin(self, wire: Passing, connection: Connection, taken: Taken | None) -> None:
        started, plan = time.perf_counter(), self.plan
        trace, span = new_ids() if plan.trace is None else (plan.trace.id, new_span())
        request_id = plan.request_id or random_id()
        one, two, three, four, rest = plan.pieces
        context = "" if plan.begun is None else self._finished(plan.begun)
        text = f"{one}{trace}{two}{span}{three}{context}{four}{request_id}{rest}"
        connection.start(bodyless=False)
        # The service works on it while the rest is done here.
        with suppress(TransportError):
            connection.put(text.encode("latin-1"))
        crossing = Crossing(self, wire, connection, taken, request_id, trace, span, started)
        wire.begin(crossing)
        self.metrics.in_flight += 1
        self._taken.value += 1
        self._budget.earn(self._retries)
        connection.listen(crossing, self._first_byte)
        if connection.ended:
            crossing.heard()
