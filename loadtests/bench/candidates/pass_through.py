"""Nothing but passing on: the same ASGI application over every transport, under every server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Request
from loadtests.bench.candidates.own import Own
from loadtests.bench.candidates.with_aiohttp import WithAiohttp
from loadtests.bench.candidates.with_httpx import WithHttpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from loadtests.bench.candidates.transport import Transport

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

UPSTREAM, TRANSPORT = "BENCH_UPSTREAM", "BENCH_TRANSPORT"
"""Environment variables: the base URL passed through to, and by which of `TRANSPORTS`."""
TRANSPORTS: dict[str, Callable[[], Transport]] = {"own": Own, "aiohttp": WithAiohttp, "httpx": WithHttpx}
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding"})


class PassThrough:
    """An ASGI application; bodies of requests are left out, since nobody measures them."""

    def __init__(self, make: Callable[[], Transport], base: str) -> None:
        self._make = make
        self._base = base
        self._transport: Transport | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See ASGI."""
        del receive
        if scope["type"] != "http":
            return
        if self._transport is None:
            # A transport belongs to the running loop.
            self._transport = self._make()
        query = scope["query_string"]
        target = scope["raw_path"] + (b"?" + query if query else b"")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        given = await self._transport.send(self._base, Request(scope["method"], target.decode(), headers))
        kept = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in given.headers
            if name.lower() not in _HOP_BY_HOP
        ]
        await send({"type": "http.response.start", "status": given.status, "headers": kept})
        while piece := await given.take():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


app = PassThrough(TRANSPORTS[os.environ.get(TRANSPORT, "own")], os.environ.get(UPSTREAM, ""))
