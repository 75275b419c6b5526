"""The DePIN sidecar: Express-like HTTP and a WebSocket on any path that streams a job's log."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
from email.utils import formatdate
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LINE_SECONDS = 0.1
"""Between two lines of a running job."""

_HEALTH = {
    "status": "ok",
    "service": "depin-sidecar",
    "modules": {"akash": "loaded", "nosana": "active"},
    "config_source": "gateway-api",
}
_NOT_FOUND = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n'
    "<body>\n<pre>Cannot {}</pre>\n</body>\n</html>\n"
)


class Sidecar:
    """The ASGI app; header names are written as Express writes them."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or conversation."""
        if scope["type"] == "websocket":
            await _socket(receive, send)
        elif scope["type"] == "http":
            await _http(scope, send)


def etag(body: bytes) -> str:
    """A weak tag as Express makes it: length in hex and a shortened SHA-1."""
    digest = base64.b64encode(hashlib.sha1(body).digest()).decode()[:27]  # noqa: S324 - the format, no secret
    return f'W/"{len(body):x}-{digest}"'


async def _http(scope: Scope, send: Send) -> None:
    headers = dict(scope["headers"])
    if scope["method"] == "OPTIONS":
        await _answer(send, 204, [("Access-Control-Allow-Methods", "GET,HEAD,PUT,PATCH,POST,DELETE")], b"")
    elif (scope["method"], scope["path"]) in (("GET", "/health"), ("HEAD", "/health")):
        body = json.dumps(_HEALTH, separators=(",", ":")).encode()
        tag = etag(body)
        if headers.get(b"if-none-match", b"").decode("latin-1") == tag:
            await _answer(send, 304, [("ETag", tag)], b"")
            return
        described = [("Content-Type", "application/json; charset=utf-8"), ("Content-Length", str(len(body)))]
        await _answer(send, 200, [*described, ("ETag", tag)], body if scope["method"] == "GET" else b"")
    else:
        path = scope["raw_path"].decode("latin-1")
        body = _NOT_FOUND.format(escape(f"{scope['method']} {path}")).encode()
        secured = [("Content-Security-Policy", "default-src 'none'"), ("X-Content-Type-Options", "nosniff")]
        described = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        await _answer(send, 404, [*secured, *described], body)


async def _answer(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    pairs = [("X-Powered-By", "Express"), ("Access-Control-Allow-Origin", "*"), *headers]
    pairs += [("Date", formatdate(usegmt=True)), ("Connection", "keep-alive"), ("Keep-Alive", "timeout=5")]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


async def _socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    streams: set[asyncio.Task[None]] = set()
    try:
        while (message := await receive())["type"] == "websocket.receive":
            task = asyncio.create_task(_stream(message.get("text") or "", send))
            streams.add(task)
            task.add_done_callback(streams.discard)
    finally:
        for task in tuple(streams):
            task.cancel()


async def _stream(text: str, send: Send) -> None:
    try:
        subscription = json.loads(text)
    except ValueError:
        subscription = None
    if not isinstance(subscription, dict) or subscription.get("type") != "subscribe_logs":
        await _say(send, {"type": "error", "message": "Invalid message format"})
        return
    job, node = subscription.get("jobId"), subscription.get("nodeAddress")
    if not job:
        await _say(send, {"type": "error", "message": "Missing jobId"})
    elif str(job).startswith("done-"):
        await _history(send)
    else:
        # The client may leave between two lines; its disconnect ends the conversation.
        with contextlib.suppress(OSError, RuntimeError):
            await _live(send, f"[{job}@{node}]")


async def _history(send: Send) -> None:
    for line in (
        "[SYSTEM] Job has finished. Retrieving historical logs from IPFS...",
        "hello",
        "world",
        "[SYSTEM] --- END OF HISTORICAL LOGS ---",
    ):
        await _say(send, {"type": "log", "data": line})


async def _live(send: Send, prefix: str) -> None:
    number = 0
    while True:
        await asyncio.sleep(LINE_SECONDS)
        number += 1
        await _say(send, {"type": "log", "data": {"log": f"{prefix} line {number}", "type": "stdout"}})


async def _say(send: Send, value: dict[str, Any]) -> None:
    await send({"type": "websocket.send", "text": json.dumps(value, separators=(",", ":"))})
