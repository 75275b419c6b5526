"""What the gateway itself answers: problem+json (RFC 9457) that still carries the `detail` clients read."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

PROBLEM_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the RFC's own word, and it is an answer rather than a fault
    """An answer of the gateway's own. `reason` is a short word for metrics; `refusal` says policy decided it.

    Problem
    ├── BadRequest 400, TooSlow 408, TooLarge 413, HeadersTooLarge 431, Unprocessable 422
    ├── Unauthenticated 401, Forbidden 403
    ├── NotFound 404 (Hidden), NotAllowed 405, Moved 307, Conflict 409, Gone 410
    ├── RateLimited 429
    ├── Unavailable 503
    └── UpstreamProblem: Unreachable 502, TimedOut 504
    """

    status = 500
    refusal = True
    failed = ""
    """The permission or the scope that a refusal is about; for the audit, never for the answer."""

    def __init__(self, detail: str, *, reason: str = "", headers: Headers = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason or HTTPStatus(self.status).name.lower()
        self.headers = headers

    def body(self, request_id: str) -> bytes:
        """The JSON document."""
        document = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
            "request_id": request_id,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


class BadRequest(Problem):
    """The request cannot be understood in exactly one way."""

    status = 400


class Unauthenticated(Problem):
    """No credential, or one that does not hold (RFC 6750 §3)."""

    status = 401


class Forbidden(Problem):
    """A known caller who may not."""

    status = 403

    def __init__(self, detail: str, *, reason: str = "", headers: Headers = (), failed: str = "") -> None:
        super().__init__(detail, reason=reason, headers=headers)
        self.failed = failed


class NotFound(Problem):
    """Nothing is served here, or not yet."""

    status = 404


class Hidden(NotFound):
    """Somebody else's, or not there at all: the caller cannot tell which, since even that would say something."""

    def __init__(self, *, failed: str) -> None:
        super().__init__("Not Found", reason="scope")
        self.failed = failed


class NotAllowed(Problem):
    """The path exists under other methods (RFC 9110 §15.5.6)."""

    status = 405

    def __init__(self, methods: list[str]) -> None:
        allow = ", ".join(methods)
        super().__init__("Method Not Allowed", headers=(("allow", allow),))


class Conflict(Problem):
    """The request contradicts what it asks for."""

    status = 409


class Unprocessable(Problem):
    """The request is understood and cannot be meant."""

    status = 422


class TooSlow(Problem):
    """The body does not arrive in time (RFC 9110 §15.5.9); the connection ends with the answer."""

    status = 408

    def __init__(self, detail: str) -> None:
        super().__init__(detail, reason="slow-body", headers=(("connection", "close"),))


class Gone(Problem):
    """It was served here once and is no longer (RFC 9110 §15.5.11)."""

    status = 410


class TooLarge(Problem):
    """The body is longer than the policy allows."""

    status = 413


class HeadersTooLarge(Problem):
    """The header section is longer than the policy allows (RFC 6585 §5)."""

    status = 431


class RateLimited(Problem):
    """The bucket of the class `limit` is empty; `seconds` until there is a token (RFC 6585 §4, RFC 9110 §10.2.3)."""

    status = 429

    def __init__(self, limit: str, seconds: int, headers: Headers = ()) -> None:
        told = (*headers, ("retry-after", str(seconds)))
        super().__init__("Rate limit exceeded. Please try again later.", reason="limit", headers=told)
        self.limit = limit
        self.seconds = seconds


class Moved(Problem):
    """The same resource under its one spelling; method and body stay (RFC 9110 §15.4.8)."""

    status = 307

    def __init__(self, location: str) -> None:
        super().__init__("This path is served without the trailing slash", headers=(("location", location),))


class Unavailable(Problem):
    """What must be known to decide cannot be learned now, so nobody is let in."""

    status = 503
    refusal = False


class UpstreamProblem(Problem):
    """The service gave no usable answer; `sent` says whether it may have seen the request."""

    refusal = False

    def __init__(self, detail: str, *, reason: str, sent: bool) -> None:
        super().__init__(detail, reason=reason)
        self.sent = sent


class Unreachable(UpstreamProblem):
    """The service refused, broke off or answered garbage."""

    status = 502


class TimedOut(UpstreamProblem):
    """The service let a time limit pass."""

    status = 504
