"""What arrived: every request at any service, in order, noted before anything handles it."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT = 20_000


class Journal:
    """The last 20 000 deliveries of all services; `number` counts on when old ones are dropped."""

    def __init__(self, kept: int = KEPT) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=kept)
        self._count = 0

    def note(self, service: str, scope: Scope) -> dict[str, Any]:
        """Append a request; `body_sha256` stays null until the body is whole."""
        self._count += 1
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        entry = {
            "number": self._count,
            "service": service,
            "method": scope.get("method", "GET"),
            "target": target.decode("latin-1"),
            "websocket": scope["type"] == "websocket",
            "headers": [
                [name.decode("latin-1").lower(), value.decode("latin-1")] for name, value in scope["headers"]
            ],
            "body_bytes": 0,
            "body_sha256": None,
        }
        self._entries.append(entry)
        return entry

    def entries(self, since: int = 0) -> list[dict[str, Any]]:
        """The kept entries with a number above `since`, oldest first."""
        return [entry for entry in self._entries if entry["number"] > since]

    def clear(self) -> None:
        """Forget everything; numbers start at one again."""
        self._entries.clear()
        self._count = 0


class Journalled:
    """ASGI middleware: notes each request, then reads its body whole before handing it on."""

    def __init__(self, app: ASGIApp, service: str, journal: Journal) -> None:
        self._app = app
        self._service = service
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, read its body, hand it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        entry = self._journal.note(self._service, scope)
        if scope["type"] == "http":
            receive = await _read(entry, receive)
        await self._app(scope, receive, send)


async def _read(entry: dict[str, Any], receive: Receive) -> Receive:
    messages: deque[Message] = deque()
    seen = hashlib.sha256()
    more = True
    while more:
        message = await receive()
        messages.append(message)
        body = message.get("body", b"")
        seen.update(body)
        entry["body_bytes"] += len(body)
        more = message.get("more_body", False)
        if message["type"] == "http.request" and not more:
            entry["body_sha256"] = seen.hexdigest()

    async def replaying() -> Message:
        return messages.popleft() if messages else await receive()

    return replaying
