"""A listener before an ASGI application, on a free port."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.listen.bounds import Bounds
from gateway.listener import Listener, bound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.listen.reception import App
    from gateway.listen.tls import Certificate


@dataclass
class Listening:
    """A running listener, its port, and what it refused by itself: status and reason."""

    listener: Listener
    port: int
    refused: list[tuple[int, str]] = field(default_factory=list)


@asynccontextmanager
async def listening(
    app: App, *, certificate: Certificate | None = None, drain: float = 0.5, **bounds: Any
) -> AsyncIterator[Listening]:
    """A listener before `app`; `bounds` are members of `Bounds`."""
    limits = Bounds(**bounds)

    def refused(status: int, reason: str, _client: str, _request_id: str) -> None:
        running.refused.append((status, reason))

    with bound("127.0.0.1:0") as sock:
        listener = Listener(app, sock, bounds=lambda: limits, refused=refused, certificate=certificate)
        running = Listening(listener, sock.getsockname()[1])
        await listener.start()
        try:
            yield running
        finally:
            await listener.stop(drain)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the target as the server told it, and the body that came."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message["body"]
        if not message["more_body"]:
            break
    told = scope["state"]["target"] + (b" " + body if body else b"")
    await answer(send, told)


async def answer(send: Any, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    """A whole answer with its length."""
    fields = [(b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
