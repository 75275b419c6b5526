"""Who a request is bucketed by: JWT `sub`, else a fingerprint of the API key, else the client address."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.exchange import header

if TYPE_CHECKING:
    from gateway.core.exchange import Request

_LONGEST = 128


@dataclass(frozen=True, slots=True)
class Subject:
    """The key a canary buckets by, with the organisation where the token names one.

    The key may be stored. `claimed` is what the token says where that may not.
    """

    key: str
    organisation: str = ""
    claimed: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """How the token and those who name users call the subject."""
        return self.claimed or self.key


def fingerprint(key: bytes, secret: str) -> str:
    """A keyed fingerprint that can be compared but not reversed: `fp:` and 16 hex digits of HMAC-SHA-256."""
    return "fp:" + hmac.new(key, secret.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:16]


def subject_of(request: Request, key: bytes) -> Subject:
    """The subject of a request. The token is read unverified: this decides bucketing, never access."""
    scheme, _, credential = (header(request.headers, "authorization") or "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        claims = _claims(credential)
        subject, organisation = claims.get("sub"), claims.get("org_id")
        if isinstance(subject, str):
            return subject_named(subject, organisation if isinstance(organisation, str) else "", key)
        return Subject(fingerprint(key, credential))
    return Subject(request.client)


def subject_named(claimed: str, organisation: str, key: bytes) -> Subject:
    """The subject that somebody says they are, bucketed as the bearer of a token with this `sub` and `org_id`."""
    return _named(_writable(claimed), _writable(organisation), key)


def storable(claimed: str, key: bytes) -> str:
    """A subject as it may be stored: an e-mail address, or what is longer than any identifier, as its fingerprint."""
    return fingerprint(key, claimed) if "@" in claimed or len(claimed) > _LONGEST else claimed


def _named(claimed: str, organisation: str, key: bytes) -> Subject:
    stored = storable(claimed, key)
    return Subject(stored, organisation, "" if stored == claimed else claimed)


def _writable(claim: str) -> str:
    # The token is unverified: a lone surrogate in a claim could neither be hashed for a cohort nor stored.
    return claim.encode("utf-8", "backslashreplace").decode()


def _claims(token: str) -> dict[str, object]:
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature (RFC 7515 §3.1)
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
