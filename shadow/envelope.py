"""What passes between the proxy and the mirror worker: a copy to make, counts to keep, and what became of a copy."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Exchange, Failure, Request, Response
from gateway.core.observation import Bucket
from gateway.store.counts import Served
from shadow.buckets import Ledger
from shadow.plan import Copying

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTH = 4
"""Bytes of the big-endian length in front of a frame, and of the length of its JSON head."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A complete primary exchange to be copied. Its request is the legacy one, whoever served.

    `revision` is that of the route's flag when it was decided who serves.
    """

    route: str
    parameters: Mapping[str, str]
    copying: Copying
    subject: str
    exchange: Exchange
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """The proxy's ledger as it stands, and what was served since the last one; `source` names the proxy's run."""

    source: str
    ledger: Ledger
    served: list[Served] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a copy landed."""

    id: str
    bucket: Bucket
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wrote:
    """A subject began to write, at `at` seconds since the epoch."""

    subject: str
    at: float


Envelope = Copy | Counts | Outcome | Wrote


def encode(envelope: Envelope) -> bytes:
    """A frame: length, length of the JSON head, head, then the two bodies of a copy as raw bytes."""
    head, tail = _pack(envelope)
    text = json.dumps(head, separators=(",", ":")).encode()
    size = LENGTH + len(text) + len(tail)
    return b"".join((size.to_bytes(LENGTH, "big"), len(text).to_bytes(LENGTH, "big"), text, tail))


def decode(frame: bytes) -> Envelope:
    """The inverse of `encode`, of a frame without its first length."""
    start = LENGTH + int.from_bytes(frame[:LENGTH], "big")
    head = json.loads(frame[LENGTH:start])
    if head["is"] == "copy":
        return _copy(head, frame[start:])
    if head["is"] == "counts":
        served = [Served(**entry) for entry in head["served"]]
        return Counts(head["source"], Ledger.from_json(head["ledger"]), served)
    if head["is"] == "wrote":
        return Wrote(head["subject"], head["at"])
    return Outcome(head["id"], Bucket(head["bucket"]), head["reason"])


def _pack(envelope: Envelope) -> tuple[dict[str, Any], bytes]:
    if isinstance(envelope, Copy):
        return _pack_copy(envelope)
    if isinstance(envelope, Counts):
        served = [asdict(entry) for entry in envelope.served]
        return {"is": "counts", "source": envelope.source, "ledger": envelope.ledger.to_json(), "served": served}, b""
    if isinstance(envelope, Wrote):
        return {"is": "wrote", "subject": envelope.subject, "at": envelope.at}, b""
    return {"is": "outcome", "id": envelope.id, "bucket": envelope.bucket, "reason": envelope.reason}, b""


def _pack_copy(copy: Copy) -> tuple[dict[str, Any], bytes]:
    exchange = copy.exchange
    request = exchange.request
    answer = exchange.response
    body = answer.body if isinstance(answer, Response) else b""
    head = {
        "is": "copy",
        "route": copy.route,
        "parameters": dict(copy.parameters),
        "copying": copy.copying,
        "subject": copy.subject,
        "revision": copy.revision,
        "id": exchange.id,
        "service": exchange.service,
        "times": [exchange.started, exchange.first_byte, exchange.total],
        "request": replace(request, body=b"").to_json(),
        "split": len(request.body),
        "response": replace(answer, body=b"").to_json() if isinstance(answer, Response) else None,
        "failure": [answer.kind, answer.detail] if isinstance(answer, Failure) else None,
    }
    return head, request.body + body


def _copy(head: dict[str, Any], bodies: bytes) -> Copy:
    request = replace(Request.from_json(head["request"]), body=bodies[: head["split"]])
    answer: Response | Failure = (
        replace(Response.from_json(head["response"]), body=bodies[head["split"] :])
        if head["response"]
        else Failure(*head["failure"])
    )
    exchange = Exchange(head["id"], head["service"], request, answer, *head["times"])
    copying = Copying(head["copying"])
    return Copy(head["route"], head["parameters"], copying, head["subject"], exchange, head["revision"])
