"""CORS as the platform's services answered it when recorded: header for header, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALL_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SAFE_HEADERS = {"Accept", "Accept-Language", "Content-Language", "Content-Type"}


@dataclass(frozen=True)
class CorsPolicy:
    """Who may call from a browser; no origins and no headers mean any."""

    origins: frozenset[str] = frozenset()
    methods: tuple[str, ...] = ALL_METHODS
    headers: frozenset[str] = frozenset()

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may read answers."""
        return not self.origins or origin in self.origins


OPEN = CorsPolicy()
"""Filtration, orchestration, data and guardrail in development."""
LISTED = CorsPolicy(
    frozenset(f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 3001, 5173, 8001)),
    ("GET", "POST", "PUT", "DELETE", "OPTIONS"),
    frozenset(
        {
            "Authorization",
            "X-Client-IP",
            "X-Forwarded-For",
            "X-IP-Address",
            "X-Real-IP",
            "X-Requested-With",
            *_SAFE_HEADERS,
        },
    ),
)
"""Inference: an allow-list of dashboards and a fixed list of headers."""


class Cors:
    """ASGI middleware: answers preflights itself and adds the simple headers to everything that passes."""

    def __init__(self, app: ASGIApp, policy: CorsPolicy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or add the simple headers to what passes."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(self._policy, origin, headers)(scope, receive, send)
        else:
            added = _simple(self._policy, origin, has_cookie="cookie" in headers)
            await self._app(scope, receive, _adding(added, send))


def _preflight(policy: CorsPolicy, origin: str, headers: Headers) -> PlainTextResponse:
    answer = {
        "vary": "Origin",
        "access-control-allow-methods": ", ".join(policy.methods),
        "access-control-max-age": "600",
    }
    asked = headers.get("access-control-request-headers")
    if policy.headers:
        answer["access-control-allow-headers"] = ", ".join(sorted(policy.headers))
    answer["access-control-allow-credentials"] = "true"
    failures = [] if policy.allows(origin) else ["origin"]
    if not failures:
        answer["access-control-allow-origin"] = origin
    if headers["access-control-request-method"] not in policy.methods:
        failures.append("method")
    if asked is not None and not policy.headers:
        answer["access-control-allow-headers"] = asked
    elif asked is not None and not _known(asked, policy):
        failures.append("headers")
    text = "Disallowed CORS " + ", ".join(failures) if failures else "OK"
    return PlainTextResponse(text, 400 if failures else 200, answer)


def _known(asked: str, policy: CorsPolicy) -> bool:
    allowed = {name.lower() for name in policy.headers}
    return all(name.strip().lower() in allowed for name in asked.split(","))


def _simple(policy: CorsPolicy, origin: str, *, has_cookie: bool) -> list[tuple[bytes, bytes]]:
    credentials = (b"access-control-allow-credentials", b"true")
    explicit = (b"access-control-allow-origin", origin.encode("latin-1"))
    vary = (b"vary", b"Origin")
    if not policy.origins:
        return [explicit, credentials, vary] if has_cookie else [(explicit[0], b"*"), credentials]
    return [credentials, explicit, vary] if policy.allows(origin) else [credentials]


def _adding(added: list[tuple[bytes, bytes]], send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return sending
