"""One primary request on its way through the proxy, and the limits on what is kept of it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.core.exchange import Exchange, header, is_event_stream
from gateway.core.mapping import MappingError
from gateway.core.observation import Bucket
from gateway.core.routes import Effect
from shadow.envelope import Copy
from shadow.normalise.content import media_type
from shadow.plan import Copying, Plan, Side
from shadow.serve import in_gateway_terms

if TYPE_CHECKING:
    from gateway.core.exchange import BodySum, Request, Response
    from gateway.idempotency.claims import Claim
    from gateway.idempotency.keys import Digest
    from shadow.summing import PassingSum, Summing

_EVENTS = "text/event-stream"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
COPY_LIMIT = 1024 * 1024
"""Bytes of a body that are kept to be copied or compared; of an answer beyond it length and digest are."""


_MOST_ARRIVALS = 2_000
"""Chunks of a stream whose time is kept."""


class Tee:
    """Passes chunks on at once and keeps them up to a limit, with their times; beyond it, they may be summed.

    `passing` is the sum in the making, `sum` what came of it; None when nothing did, or the body was kept.
    """

    def __init__(self, limit: int = COPY_LIMIT, *, summing: Summing | None = None) -> None:
        self._limit = limit
        self._summing = summing
        self._kept = bytearray()
        self._arrivals: list[tuple[float, int]] = []
        self.over = False
        self.passing: PassingSum | None = None
        self.sum: BodySum | None = None

    def __call__(self, chunk: bytes) -> bytes:
        """The chunk itself."""
        if not self.over and len(self._kept) + len(chunk) > self._limit:
            self.over = True
            self.passing = self._summing.begin(bytes(self._kept)) if self._summing else None
            self._kept.clear()
        if self.passing:
            self.passing.add(chunk)
        elif not self.over:
            self._kept += chunk
            if len(self._arrivals) < _MOST_ARRIVALS:
                self._arrivals.append((time.monotonic(), len(self._kept)))
        return chunk

    def arrivals(self, started: float) -> tuple[tuple[float, int], ...]:
        """Seconds from `started` (on the monotonic clock) to each chunk, and how many bytes were there then."""
        return tuple((max(0.0, at - started), size) for at, size in self._arrivals)

    @property
    def body(self) -> bytes:
        """What passed; empty once it was too much."""
        return bytes(self._kept)


@dataclass
class Turn:
    """What the hooks know of one request; `request` stands in legacy terms, as the service gets it.

    With a `claim` on its Idempotency-Key the answer passes through `kept` and a streamed body through `digest`;
    `held` says that the body must be read before it is known whether the request may pass.
    """

    plan: Plan
    request: Request
    sent: Tee = field(default_factory=Tee)
    received: Tee = field(default_factory=Tee)
    directed: bool = False
    fallback: bool = False
    settled: bool = False
    claim: Claim | None = None
    kept: Tee | None = None
    digest: Digest | None = None
    held: bool = False
    arrived: float = field(default_factory=time.monotonic)
    complete: float = 0.0
    answered: float = 0.0

    @property
    def may_write(self) -> bool:
        """Whether the request may change what the platform answers to others."""
        if self.plan.route is None:
            return self.request.method not in _SAFE
        return self.plan.route.effect is not Effect.READ

    @property
    def repeatable(self) -> bool:
        """Whether sending the request twice does no harm: a safe method (RFC 9110 §9.2.1) on a reading route."""
        return self.request.is_preflight or (self.request.method in _SAFE and not self.may_write)

    def may_be_asked_again(self, *, untouched: bool, kept: bool) -> bool:
        """Whether legacy may be asked after an answer failed to come.

        `kept` says that its connection had answered before, `untouched` that no connection stood, so that nobody has
        seen a byte of the request.
        """
        if not self.complete:
            return False
        return untouched or self.repeatable if self.directed else self.repeatable and kept

    def pass_on(self, chunk: bytes) -> bytes:
        """A piece of a streamed request body, on its way."""
        if self.digest:
            self.digest.add(chunk)
        return self.sent(chunk)

    def pass_back(self, chunk: bytes) -> bytes:
        """A piece of the answer, on its way."""
        if self.kept:
            self.kept(chunk)
        return self.received(chunk) if self.plan.copying is not Copying.NONE else chunk

    def to_legacy(self, bucket: Bucket, reason: str = "", copying: Copying = Copying.NONE) -> None:
        """Legacy serves after all."""
        self.plan = replace(self.plan, side=Side.LEGACY, copying=copying, bucket=bucket, reason=reason)

    def in_gateway_terms(self) -> Request | None:
        """The request as the gateway is asked; None when it cannot be said so, or has no route."""
        if self.plan.route is None:
            return None
        try:
            return in_gateway_terms(self.plan.route, self.plan.parameters, self.request)
        except MappingError:
            return None

    def lost(self, status: int) -> tuple[Bucket, str]:
        """Where a request counts that got no answer from the proxy; `status` is legacy's after all, or 0."""
        if self.directed:
            return Bucket.FAILED, "fallback" if self.fallback and status else "gateway"
        return Bucket.UNMIRRORED, "retried" if status else "no-answer"

    @property
    def seconds(self) -> float:
        """From the complete request until now."""
        return max(0.0, time.monotonic() - (self.complete or self.arrived))

    def oversize(self, response: Response) -> bool:
        """Whether a body passed that can be neither copied nor compared by its sum."""
        if self.sent.over or not self.received.over:
            return self.sent.over
        return self.received.passing is None or media_type(response.headers) == _EVENTS

    def copy(self, response: Response) -> Copy:
        """The complete exchange, ready to be handed over."""
        started = self.complete or self.arrived
        now = time.monotonic()
        if is_event_stream(response.headers):
            response = replace(response, arrivals=self.received.arrivals(started))
        exchange = Exchange(
            id=uuid.uuid4().hex,
            service=self.plan.service,
            request=self.request,
            response=replace(response, sum=self.received.sum),
            started=time.time() - (now - started),
            first_byte=max(0.0, (self.answered or now) - started),
            total=max(0.0, now - started),
        )
        plan = self.plan
        return Copy(plan.route_id, plan.parameters, plan.copying, plan.subject.key, exchange, plan.flag.revision)


def declared_length(request: Request) -> int | None:
    """Bytes of body that a request head announces; None when it does not say."""
    if header(request.headers, "transfer-encoding"):
        return None
    length = header(request.headers, "content-length") or "0"
    return int(length) if length.isdigit() else None
