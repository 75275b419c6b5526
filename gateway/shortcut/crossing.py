"""One request on the shorter way, from the service's answer on: passed on and recorded, or handed to the long way."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from gateway.limit import UNLIMITED
from gateway.limit.headers import remaining, told
from gateway.limit.token_bucket import SECOND
from gateway.listen.passage import Passage
from gateway.record import plain_line
from gateway.shortcut.relay import relayed
from gateway.transport.client import Upstream
from gateway.transport.errors import Broken, TransportError

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.core.trace import Trace
    from gateway.limit.token_bucket import Taken
    from gateway.listen.passage import Passing
    from gateway.record import Entry
    from gateway.shortcut.relay import Relayed
    from gateway.shortcut.way import Way
    from gateway.transport.connection import Connection
    from gateway.transport.heads import Head

_log = logging.getLogger("cutover.gateway")
CLIENT_GONE = 499
"""The status recorded, never sent, when the client left before it was answered."""


class Crossing(Passage):
    """One request of a shortcut; `started` is on the performance counter."""

    __slots__ = ("connection", "permit", "request_id", "started", "taken", "trace", "way", "wire")

    def __init__(
        self,
        way: Way,
        wire: Passing,
        connection: Connection,
        taken: Taken | None,
        request_id: str,
        trace: Trace,
        started: float,
    ) -> None:
        self.way = way
        self.wire = wire
        self.connection = connection
        self.taken = taken
        self.request_id = request_id
        self.trace = trace
        self.started = started
        self.permit = way.circuit.phase

    @property
    def left(self) -> int:
        """Tokens that are left in the caller's bucket."""
        bucket = self.way.plan.bucket
        return remaining(bucket.pace, self.taken) if bucket and self.taken else UNLIMITED

    @property
    def limit_headers(self) -> Headers:
        """What the answer says of the caller's bucket."""
        bucket = self.way.plan.bucket
        return told(bucket.pace, self.taken) if bucket and self.taken else ()

    def entry(self) -> Entry:
        """What is recorded of it where it does not end here."""
        return self.way.entry(self.request_id, self.trace, self.left, self.started)

    def heard(self) -> None:
        """See `gateway.transport.connection.Listener`."""
        try:
            self._heard()
        except Exception:  # noqa: BLE001 - the outermost boundary, as for a turn: one request's fault ends one connection
            _log.exception("GET (request %s, trace %s)", self.request_id, self.trace.id)
            self.wire.abort()

    def _heard(self) -> None:
        head = self.connection.answer
        if head is None:
            failure = self.connection.failure
            self.connection.close()
            self._hand_over(failure if isinstance(failure, TransportError) else Broken("no answer", sent=True))
            return
        relay = relayed(head, self.way.manner)
        body = self.connection.whole() if relay is not None and self.wire.stuck is None else None
        if relay is None or body is None:
            plan = self.way.plan
            idle = plan.matched.route.timeouts.idle
            self._hand_over(Upstream(self.way.pool, plan.origin, self.connection, head, idle))
            return
        self._pass_on(head, relay, body)

    def leave(self) -> None:
        """See Passage: the service's side is given up at once, and nothing is known of the service."""
        self.connection.unheard()
        self.connection.close()
        self.way.circuit.abandoned(self.permit)
        self.wire.gave_up()
        entry = self.entry()
        entry.status, entry.failure = CLIENT_GONE, "client-gone"
        self.way.ended(entry, self.started)

    def _pass_on(self, head: Head, relay: Relayed, body: bytes) -> None:
        waited = time.perf_counter() - self.started
        way, close = self.way, self.wire.last
        way.answered(self.connection, self.permit)
        end = "connection: close\r\n\r\n" if close else "\r\n"
        extra = b"".join(self.wire.extra).decode("latin-1") if self.wire.extra else ""
        text = f"{relay.before}{self._limits()}x-request-id: {self.request_id}\r\n{relay.after}{extra}{end}"
        self.wire.passed(text.encode("latin-1") + body, close=close)
        self._record(head.status, len(body), waited)

    def _limits(self) -> str:
        bucket, taken = self.way.plan.bucket, self.taken
        if bucket is None or taken is None:
            return ""
        left, reset = remaining(bucket.pace, taken), -(-taken.full // SECOND)
        return f"{bucket.begin}{left};t={reset}{bucket.middle}{left}\r\nx-ratelimit-reset: {reset}\r\n"

    def _record(self, status: int, size: int, waited: float) -> None:
        way = self.way
        served, asked = way.numbers(status)
        now = time.perf_counter()
        seconds = now - self.started
        way.metrics.in_flight -= 1
        served.answers.value += 1
        served.sent.value += size
        served.seconds.observe(seconds)
        asked.answers.value += 1
        asked.first_byte.observe(waited)
        asked.seconds.observe(now - self.started)
        log = way.log
        if log is not None:
            log.add(
                plain_line(way.plan.same, self.request_id, self.trace.id, status, size, seconds, waited, self.left)
            )

    def _hand_over(self, first: Upstream | TransportError) -> None:
        self.wire.hand_over(self.way.known, partial(self.way.onward, self, first))
