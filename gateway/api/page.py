"""Answers of the gateway's own: whole, with an entity tag, and with the headers a browser should see."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.answer import Answer
from gateway.core.exchange import header_values

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request

JSON = "application/json"
HTML = "text/html; charset=utf-8"
NEVER_STORED = "no-store"
ASKED_AGAIN = "no-cache"
"""Kept by a cache, and asked about by its tag each time."""
_NOTHING = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Rendered:
    """Bytes with their entity tag, made once and answered often."""

    kind: str
    body: bytes
    tag: str
    policy: str = _NOTHING

    @classmethod
    def of(cls, kind: str, body: bytes, policy: str = _NOTHING) -> Rendered:
        """The bytes with a tag over them (RFC 9110 §8.8.3)."""
        return cls(kind, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', policy)


def as_json(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def answered(rendered: Rendered, request: Request, *, cache: str = ASKED_AGAIN) -> Answer:
    """The bytes, or 304 for a client that has them (RFC 9110 §13.1.2). Scripts of other origins may read the tag."""
    headers = (
        *_guarded(rendered.policy, cache),
        ("etag", rendered.tag),
        ("access-control-expose-headers", "ETag, Retry-After"),
    )
    if _knows(request, rendered.tag):
        return Answer(304, headers)
    return Answer(200, (*_described(rendered.kind, rendered.body), *headers), rendered.body)


def whole(status: int, kind: str, body: bytes, *more: tuple[str, str]) -> Answer:
    """An answer that nobody keeps."""
    return Answer(status, (*_described(kind, body), *_guarded(_NOTHING, NEVER_STORED), *more), body)


def _described(kind: str, body: bytes) -> Headers:
    return (("content-type", kind), ("content-length", str(len(body))))


def _guarded(policy: str, cache: str) -> Headers:
    return (
        ("cache-control", cache),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    )


def _knows(request: Request, tag: str) -> bool:
    listed = ",".join(header_values(request.headers, "if-none-match")).split(",")
    known = {item.strip().removeprefix("W/") for item in listed}
    return tag in known or "*" in known
