"""One-use tickets for WebSockets: a browser's socket cannot send Authorization.

A ticket is handed out with a rewritten `ws_url` and binds the subject, the socket's path, the subscription that must
be its first frame, and the path at the service. Signed, 30 s, good once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import Any

LIFETIME = 30.0
PARAMETER = "ticket"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket grants. `path` is the gateway path, `upstream` the target at the service."""

    subject: str
    organisation: str
    path: str
    upstream: str
    subscription: str
    expires: float
    nonce: str


def subscription_digest(value: Any) -> str:
    """A digest that two JSON values share exactly when they are equal; member order does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Tickets:
    """Issues and redeems tickets; remembers redeemed ones until they would have expired."""

    def __init__(self, key: bytes, capacity: int = 65_536) -> None:
        self._key = key
        self._capacity = capacity
        self._used: OrderedDict[str, float] = OrderedDict()

    def issue(
        self, *, subject: str, organisation: str, path: str, upstream: str, subscription: Any, now: float
    ) -> str:
        """A new ticket as text that fits a query string."""
        ticket = Ticket(
            subject,
            organisation,
            path,
            upstream,
            subscription_digest(subscription),
            now + LIFETIME,
            secrets.token_hex(12),
        )
        payload = _encode(json.dumps(asdict(ticket), separators=(",", ":")).encode())
        return f"{payload}.{self._sign(payload)}"

    def redeem(self, text: str, *, path: str, now: float) -> Ticket | None:
        """The ticket when it is genuine, fresh, for this path and not yet used; None otherwise."""
        payload, _, signature = text.partition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(payload).encode()):
            return None
        try:
            ticket = Ticket(**json.loads(_decode(payload)))
        except (ValueError, TypeError, binascii.Error):
            return None
        if ticket.path != path or not ticket.expires - LIFETIME - 1 <= now < ticket.expires:
            return None
        return ticket if self._first_time(ticket, now) else None

    def _first_time(self, ticket: Ticket, now: float) -> bool:
        while self._used and next(iter(self._used.values())) <= now:
            self._used.popitem(last=False)
        if ticket.nonce in self._used or len(self._used) >= self._capacity:
            return False
        self._used[ticket.nonce] = ticket.expires
        return True

    def _sign(self, payload: str) -> str:
        return _encode(hmac.new(self._key, payload.encode("utf-8", "replace"), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
