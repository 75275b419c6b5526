"""Answers on the wire of HTTP/1.1 (RFC 9112). Pure."""

from __future__ import annotations

import json
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    Pairs = Iterable[tuple[bytes, bytes]]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODYLESS = frozenset({204, 304})
"""Statuses whose answers end with their head (RFC 9110 §6.4.1)."""


def _status_line(status: int) -> bytes:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}
"""How an answer begins."""


def head(status: int, fields: list[bytes], *, close: bool) -> bytes:
    """An answer's head of ready-made header lines.

    Raises:
        ValueError: a line holds a line end of its own, or NUL.
    """
    return closed(status, b"".join(fields), len(fields), close=close)


def closed(status: int, block: bytes, lines: int, *, close: bool) -> bytes:
    """An answer's head of so many header lines, which stand in `block`.

    Raises:
        ValueError: a line holds a line end of its own, or NUL.
    """
    if block.count(b"\n") != lines or block.count(b"\r") != lines or b"\0" in block:
        raise ValueError("a header holds a line end")
    return b"%b%b%b" % (STATUS_LINES[status], block, b"connection: close\r\n\r\n" if close else b"\r\n")


REASONS = {
    400: ("malformed", "The request is no valid HTTP/1.1"),
    431: ("head-size", "The request head is too large"),
    503: ("full", "No more connections are taken at the moment"),
}
"""Why a listener refuses by itself."""


def refusal(status: int, request_id: str, extra: Iterable[bytes] = ()) -> bytes:
    """A whole answer that ends its connection, for one of `REASONS`."""
    headers, body = problem(status, *REASONS[status], request_id)
    return head(status, [*(b"%b: %b\r\n" % pair for pair in headers), *extra], close=True) + body


def problem(status: int, reason: str, detail: str, request_id: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of a refusal by the listener itself: problem+json (RFC 9457)."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "reason": reason,
        "request_id": request_id,
    }
    body = json.dumps(document, separators=(",", ":")).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode()),
        (b"date", formatdate(usegmt=True).encode()),
    ]
    return headers, body
