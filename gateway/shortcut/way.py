"""What the requests of one shortcut have in common, whatever becomes of each."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.record import record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.core.trace import Trace
    from gateway.handle import Context
    from gateway.listen.reception import Message, Receive, Send
    from gateway.metrics import Asked, Served
    from gateway.record import Entry
    from gateway.shortcut.plan import Plan
    from gateway.shortcut.relay import Manner
    from gateway.transport.client import Upstream
    from gateway.transport.connection import Connection
    from gateway.transport.errors import TransportError

    Onward = Callable[[Any, Upstream | TransportError, Message, Receive, Send], Awaitable[None]]
    """The rest of the long way for a crossing: what came of its request, and the application's arguments."""


class Way:
    """The plan, and what it touches in a gateway."""

    __slots__ = (
        "_numbers",
        "circuit",
        "log",
        "manner",
        "metrics",
        "now",
        "onward",
        "plan",
        "policy",
        "pool",
        "table",
    )

    def __init__(self, context: Context, plan: Plan, manner: Manner, onward: Onward) -> None:
        self.plan, self.manner, self.onward = plan, manner, onward
        self.table = context.table
        self.policy = context.table.policy.circuit
        self.circuit = context.resilience.circuits.of(plan.service)
        self.metrics, self.pool, self.log = context.metrics, context.pool, context.log
        self.now = asyncio.get_running_loop().time
        self._numbers: dict[int, tuple[Served, Asked]] = {}

    def numbers(self, status: int) -> tuple[Served, Asked]:
        """What an answer with this status adds to."""
        found = self._numbers.get(status)
        if found is None:
            entry, metrics = self.plan.entry, self.metrics
            served = metrics.served(entry.route, entry.standing, status)
            found = self._numbers[status] = served, metrics.asked(self.plan.service.name, status)
        return found

    def entry(self, request_id: str, trace: Trace, left: int, asked: float) -> Entry:
        """What is recorded of a request that does not end here."""
        service = self.plan.service.name
        return replace(self.plan.entry, request_id=request_id, trace=trace, left=left, service=service, asked=asked)

    def answered(self, connection: Connection, permit: int) -> None:
        """The service gave an answer of its own, and all of it is here."""
        self.pool.release(self.plan.origin, connection)
        self.circuit.answered(permit, self.policy, self.now())

    def ended(self, entry: Entry, started: float) -> None:
        """A request that nobody waits for any more is recorded."""
        self.metrics.in_flight -= 1
        entry.seconds = time.perf_counter() - started
        record(self.metrics, entry, self.log)
