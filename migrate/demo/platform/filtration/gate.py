"""What filtration does around its routes: credentials, request ids, and the 500 that hides a 401."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from migrate.demo.platform.filtration.tokens import caller_of
from migrate.demo.platform.values import new_id

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from migrate.demo.platform.world import World

_PUBLIC = {
    "/",
    "/health",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/auth/login",
    "/auth/register",
    "/auth/refresh",
    "/auth/register-invite",
    "/audit/internal/log",
}


class Credentials:
    """ASGI middleware: a JWT on everything that is not public, the internal key on `/internal*`.

    It raises where it means to refuse. Outside the router nothing turns that into a 401, so the catch-all answers
    500 without CORS or request id, and uvicorn closes the connection.
    """

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise unless the request may pass."""
        if scope["type"] == "http" and scope["method"] != "OPTIONS":
            self._check(scope)
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        path, headers = scope["path"], Headers(scope=scope)
        if path.startswith("/internal"):
            given = headers.get("x-internal-api-key") or headers.get("x-internal-key") or ""
            if not hmac.compare_digest(given.encode(), self._world.internal_key.encode()):
                raise HTTPException(403 if given else 401, "Invalid internal API key")
        elif path not in _PUBLIC and not path.startswith("/auth/invitations/"):
            caller = caller_of(self._world.jwt_secret, headers.get("authorization"))
            if caller is None:
                raise HTTPException(401, "Could not validate credentials", {"WWW-Authenticate": "Bearer"})
            scope.setdefault("state", {})["caller"] = caller


class RequestContext:
    """ASGI middleware: request id, trace id and processing time on every answer that passes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the three headers to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, began = Headers(scope=scope), time.perf_counter()
        request_id = headers.get("x-request-id") or new_id()
        trace_id = headers.get("x-trace-id") or new_id()
        scope.setdefault("state", {})["request_id"] = request_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = round((time.perf_counter() - began) * 1000, 2)
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-processing-time-ms", str(took).encode()),
                    (b"x-trace-id", trace_id.encode("latin-1")),
                    (b"x-request-id", request_id.encode("latin-1")),
                ]
            await send(message)

        await self._app(scope, receive, sending)


async def internal_error(request: Request, _error: Exception) -> Response:
    """The catch-all: whatever nobody handled, in the platform's third error shape."""
    return JSONResponse(
        {
            "error": "internal_server_error",
            "message": "An unexpected error occurred",
            "request_id": getattr(request.state, "request_id", "unknown"),
            "details": None,
        },
        500,
    )
