"""The mark on a copy: a signed header that the gateway's internal listener honours and nobody else.

The signature binds method, target, body digest, mode, a nonce and the time, so that a mark cannot be reused for
another request, replayed, or turned from a dry run into a delivery.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass

MARK_HEADER = "Cutover-Copy"
UPSTREAM_HEADER = "Cutover-Upstream"
"""On the answer to a marked read: base64 JSON of the request that was sent upstream, secrets fingerprinted."""
REFUSED_HEADER = "Cutover-Refused"
"""On the answer to a marked copy: `1` when the gateway's own policy refused it."""
DRY_RUN_TYPE = "application/vnd.cutover.dry-run+json"
"""Content type of the answer to a dry run: `{"upstream": Request.to_json(), "service": name, "route": id}`."""
QUESTION_HEADER = "Cutover-Question"
"""On what the gateway asks services of its own accord, with what it is asked for; never passed on from a client."""
LIFETIME = 30.0
DRY_RUN = "dry-run"
TRIAL = "trial"
"""A dry run that is no copy: nothing was carried out before it, so it is judged as a call would be."""
READ = "read"


@dataclass(frozen=True, slots=True)
class Mark:
    """A verified mark: `mode` is `read`, `dry-run` or `trial`; `client` is the original client's address."""

    mode: str
    nonce: str
    at: float
    client: str = ""


def sign(key: bytes, *, mode: str, method: str, target: str, body: bytes, now: float, client: str = "") -> str:
    """The header value that marks this very request as a copy."""
    nonce = secrets.token_hex(12)
    fields = f"{mode};{now:.3f};{nonce};{client}"
    return f"{fields};{_signature(key, fields, method, target, body)}"


class MarkVerifier:
    """Checks marks and remembers their nonces until they expire; memory is bounded by `capacity`."""

    def __init__(self, key: bytes, capacity: int = 65_536) -> None:
        self._key = key
        self._capacity = capacity
        self._seen: OrderedDict[str, float] = OrderedDict()

    def verify(self, value: str, *, method: str, target: str, body: bytes, now: float) -> Mark | None:
        """The mark when it is genuine, fresh and new; None otherwise."""
        fields, _, signature = value.rpartition(";")
        if not hmac.compare_digest(
            signature.encode("latin-1", "replace"),
            _signature(self._key, fields, method, target, body).encode(),
        ):
            return None
        mode, at, nonce, client = fields.split(";", 3)
        mark = Mark(mode, nonce, float(at), client)
        if abs(now - mark.at) > LIFETIME or not self._first_time(nonce, now):
            return None
        return mark

    def _first_time(self, nonce: str, now: float) -> bool:
        while self._seen:
            oldest, until = next(iter(self._seen.items()))
            if until > now:
                break
            del self._seen[oldest]
        if nonce in self._seen or len(self._seen) >= self._capacity:
            return False
        self._seen[nonce] = now + 2 * LIFETIME
        return True


def _signature(key: bytes, fields: str, method: str, target: str, body: bytes) -> str:
    message = "\n".join((fields, method, target, hashlib.sha256(body).hexdigest()))
    return hmac.new(key, message.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
