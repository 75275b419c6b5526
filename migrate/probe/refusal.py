"""What a refused credential must look like: status, challenge, and a document the dashboard can read. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.core.exchange import Failure, header
from gateway.core.mark import REFUSED_HEADER
from migrate.probe.result import Wrong
from migrate.probe.setting import status_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.core.exchange import Response

EXPECTED = "401 with a challenge and a readable detail"
_UNAUTHENTICATED = 401


def unlike(answer: Response | Failure, how: str, *, copy: bool = False) -> Wrong | None:
    """What differs from a proper 401 (RFC 9110 §15.5.2, RFC 9457), or None; `copy` asks for the copy's own sign."""
    wrong = other_status(answer, {_UNAUTHENTICATED}, how)
    if wrong is not None or isinstance(answer, Failure):
        return wrong
    if not (header(answer.headers, "www-authenticate") or "").lower().startswith("bearer"):
        return Wrong("header:www-authenticate", "Bearer", header(answer.headers, "www-authenticate") or "absent", how)
    kind = header(answer.headers, "content-type") or "absent"
    if kind.partition(";")[0] != "application/problem+json":
        return Wrong("header:content-type", "application/problem+json", kind, how)
    if not _has_detail(answer.body):
        return Wrong("body:$.detail", "a text", "none", how)
    if copy and header(answer.headers, REFUSED_HEADER) != "1":
        return Wrong(f"header:{REFUSED_HEADER.lower()}", "1", "absent", how)
    return None


def other_status(answer: Response | Failure, allowed: Collection[int], how: str) -> Wrong | None:
    """A wrong status, or no answer; None when it is one of those allowed."""
    if isinstance(answer, Failure) or answer.status not in allowed:
        return Wrong("status", " or ".join(map(str, sorted(allowed))), status_of(answer), how)
    return None


def _has_detail(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("detail"), str) and bool(document["detail"])
