"""One request on the shorter way, from the service's answer on: passed on and recorded, or handed to the long way."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from gateway.core.trace import SAMPLED, Trace
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
    """One request of a shortcut; `started` on the performance counter, `left` what the caller's bucket holds."""

    __slots__ = (
        "connection",
        "ended",
        "left",
        "permit",
        "request_id",
        "size",
        "span",
        "started",
        "status",
        "taken",
        "trace",
        "waited",
        "way",
        "wire",
    )

    def __init__(
        self,
        way: Way,
        wire: Passing,
        connection: Connection,
        taken: Taken | None,
        request_id: str,
        trace: str,
        span: str,
        started: float,
    ) -> None:
        self.started = started
        self.way = way
        self.wire = wire
        self.connection = connection
        self.taken = taken
        self.request_id = request_id
        self.trace = trace
        self.span = span
        self.permit = way.circuit.phase
        self.ended = False
        bucket = way.plan.bucket
        self.left = UNLIMITED if taken is None or bucket is None else remaining(bucket.pace, taken)
        self.status = self.size = 0
        self.waited = 0.0

    @property
    def limit_headers(self) -> Headers:
        """What the answer says of the caller's bucket."""
        bucket = self.way.plan.bucket
        return told(bucket.pace, self.taken) if bucket and self.taken else ()

    def entry(self) -> Entry:
        """What is recorded of it where it does not end here."""
        given = self.way.plan.trace
        flags, state = (given.flags, given.state) if given else (SAMPLED, "")
        trace = Trace(self.trace, self.span, flags, state)
        return self.way.entry(self.request_id, trace, self.left, self.started)

    def heard(self) -> None:
        """See `gateway.transport.connection.Listener`."""
        self.wire.batch.work(self.go_on)

    def go_on(self) -> None:
        """The service has answered, or will not."""
        if self.ended:
            return
        try:
            self._go_on()
        except Exception:  # noqa: BLE001 - the outermost boundary, as for a turn: one request's fault ends one connection
            _log.exception("GET (request %s, trace %s)", self.request_id, self.trace)
            self.wire.abort()

    def _go_on(self) -> None:
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
        if self.ended:
            return
        self.ended = True
        self.connection.unheard()
        self.connection.close()
        self.way.circuit.abandoned(self.permit)
        self.wire.gave_up()
        entry = self.entry()
        entry.status, entry.failure = CLIENT_GONE, "client-gone"
        self.way.ended(entry, self.started)

    def _pass_on(self, head: Head, relay: Relayed, body: bytes) -> None:
        self.waited = time.perf_counter() - self.started
        way, wire = self.way, self.wire
        close, self.ended = wire.last, True
        end = "connection: close\r\n\r\n" if close else "\r\n"
        extra = b"".join(wire.extra).decode("latin-1") if wire.extra else ""
        text = f"{relay.before}{self._limits()}x-request-id: {self.request_id}\r\n{relay.after}{extra}{end}"
        self.status, self.size = head.status, len(body)
        wire.write(text.encode("latin-1") + body)
        # The client reads it while the rest is done here; the next of its requests may need the connection.
        way.answered(self.connection, self.permit)
        wire.passed(close=close)
        wire.batch.note(self._record)

    def _limits(self) -> str:
        bucket, taken = self.way.plan.bucket, self.taken
        if bucket is None or taken is None:
            return ""
        left, reset = self.left, -(-taken.full // SECOND)
        return f"{bucket.begin}{left};t={reset}{bucket.middle}{left}\r\nx-ratelimit-reset: {reset}\r\n"

    def _record(self) -> None:
        way, now = self.way, time.perf_counter()
        served, asked = way.numbers(self.status)
        seconds = now - self.started
        way.metrics.in_flight -= 1
        served.answers.value += 1
        served.sent.value += self.size
        served.seconds.observe(seconds)
        asked.answers.value += 1
        asked.first_byte.observe(self.waited)
        asked.seconds.observe(seconds)
        if way.log is not None:
            same = way.plan.same
            line = plain_line(
                same, self.request_id, self.trace, self.status, self.size, seconds, self.waited, self.left
            )
            way.log.add(line)

    def _hand_over(self, first: Upstream | TransportError) -> None:
        self.ended = True
        self.wire.hand_over(partial(self.way.onward, self, first))
