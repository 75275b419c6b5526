"""Marked copies: who may ask, and what they are told about the request that goes, or would go, upstream."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.answer import Answer
from gateway.core.exchange import header
from gateway.core.mark import DRY_RUN, DRY_RUN_TYPE, MARK_HEADER, READ, TRIAL, UPSTREAM_HEADER
from gateway.core.routes import Effect
from gateway.core.subject import fingerprint
from gateway.problem import Conflict, NotFound

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.mark import Mark, MarkVerifier
    from gateway.core.routes import Route

SECRET = frozenset({"authorization", "cookie", "x-internal-api-key", "x-internal-key", "cutover-context"})
_BODY_LIMIT = 4096


def verified(verifier: MarkVerifier, request: Request, now: float) -> Mark:
    """The mark of a copy; `request` holds its whole body.

    Raises:
        NotFound: there is none, or it is forged, replayed, expired or made for another request.
    """
    value = header(request.headers, MARK_HEADER) or ""
    mark = verifier.verify(value, method=request.method, target=request.target, body=request.body, now=now)
    if mark is None or mark.mode not in {DRY_RUN, TRIAL, READ}:
        raise NotFound("Not Found", reason="mark")
    return mark


def check_mode(mark: Mark, route: Route) -> None:
    """Refuse to deliver a copy of a write, whoever signed it.

    Raises:
        Conflict: the mark asks for delivery and the route writes.
    """
    if mark.mode == READ and route.effect is Effect.WRITE:
        raise Conflict("A copy of a write is never delivered; mark it as a dry run", reason="mark")


def described(request: Request, key: bytes) -> Request:
    """The upstream request with every secret header value replaced by its fingerprint."""
    headers = tuple(
        (name, fingerprint(key, value) if name.lower() in SECRET else value) for name, value in request.headers
    )
    return replace(request, headers=headers)


def dry_run_answer(request: Request, route: Route, key: bytes) -> Answer:
    """The answer to a dry run: the request that would be sent, and where."""
    document = {"upstream": described(request, key).to_json(), "service": route.service, "route": route.id}
    body = json.dumps(document, separators=(",", ":")).encode()
    return Answer(200, (("content-type", DRY_RUN_TYPE), ("content-length", str(len(body)))), body)


def with_upstream(answer: Answer, request: Request, key: bytes) -> Answer:
    """The answer to a marked read with the request that was sent, in a header; long bodies as their digest."""
    document = described(request, key).to_json()
    if len(request.body) > _BODY_LIMIT:
        document["body"] = ""
        document["body_sha256"] = hashlib.sha256(request.body).hexdigest()
    value = base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()
    return replace(answer, headers=(*answer.headers, (UPSTREAM_HEADER, value)))
