"""Response headers in comparable form: transport left out, generated values blanked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.core.exchange import header
from gateway.core.mark import MARK_HEADER, REFUSED_HEADER, UPSTREAM_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.exchange import Headers, Request

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Belong to one connection (RFC 9110 §7.6.1); never compared."""

ELSEWHERE = frozenset({"set-cookie", "content-length", "content-encoding", "vary", "sec-websocket-accept"})
"""Compared by meaning elsewhere: as cookies, framing, content, cache key, handshake."""

INSTRUMENTS = frozenset({MARK_HEADER.lower(), REFUSED_HEADER.lower(), UPSTREAM_HEADER.lower()})
"""Our own marks on copies; no client sees them."""

GENERATED: Mapping[str, str] = {
    "date": "the time of the answer",
    "x-request-id": "made per request, or the client's own",
    "x-trace-id": "made per request, or the client's own",
    "x-processing-time-ms": "how long the service took",
}
"""Headers whose value differs between any two answers, and why. A value that echoes the request is kept."""

_BOUNDARY = re.compile(r"\s*;\s*boundary\s*=\s*(\"[^\"]*\"|[^;]*)", re.IGNORECASE)


def comparable(headers: Headers, request: Request, sent: Headers) -> dict[str, list[str]]:
    """Values by lower-case name, in order; hop-by-hop, CORS and instrument headers are left out.

    `request` is what this side was asked with; `sent` are the client's own headers: a generated value counts as an
    echo only of what the client itself sent.
    """
    found: dict[str, list[str]] = {}
    named = {token.strip().lower() for token in (header(headers, "connection") or "").split(",")}
    for name, value in headers:
        key = name.lower()
        if key in HOP_BY_HOP or key in ELSEWHERE or key in INSTRUMENTS or key in named:
            continue
        if key.startswith("access-control-"):
            continue
        found.setdefault(key, []).append(_blanked(key, value.strip(), request, sent))
    return found


def content_type(value: str) -> str:
    """A content type without the boundary of its parts, which each sender makes for itself (RFC 2046 §5.1.1)."""
    return _BOUNDARY.sub("", value) if value.lower().startswith("multipart/") else value


def _blanked(key: str, value: str, request: Request, sent: Headers) -> str:
    if key == "content-type":
        return content_type(value)
    if key not in GENERATED:
        return value
    echo = value and value == header(request.headers, key) and header(sent, key) is not None
    return "(echo)" if echo else "(generated)"
