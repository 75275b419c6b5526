"""The proxy's open connections: which of them may still be trusted, and how to write to a client past its layers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from shadow.sealed import writing

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from collections.abc import Callable, Mapping

    from shadow.sealed import Tls

_IDLE = 1.0
"""Seconds after which a kept connection is not trusted any more: uvicorn closes idle ones silently after five."""


class End(Protocol):
    """A connection as mitmproxy knows it: a client's, or one to a server."""

    @property
    def connected(self) -> bool:
        """Whether it is open both ways."""


class Streams(Protocol):
    """What a connection is written through."""

    writer: StreamWriter | None


class Handler(Protocol):
    """What mitmproxy holds for a client: its connection, and those to servers that were opened for it."""

    transports: Mapping[End, Streams]

    def close_connection(self, connection: End, /) -> None:
        """Close one of them."""


class Connections:
    """Belongs to the event loop's thread; `handler` gives what mitmproxy holds for a client, if it is still there."""

    def __init__(self, handler: Callable[[End], Handler | None]) -> None:
        self._handler = handler
        self._last_use: WeakKeyDictionary[End, float] = WeakKeyDictionary()
        self._sealed: WeakKeyDictionary[End, Tls] = WeakKeyDictionary()

    def established(self, client: End, tls: Tls) -> None:
        """A client speaks TLS from now on."""
        self._sealed[client] = tls

    def is_tls(self, client: End) -> bool:
        """Whether it does."""
        return client in self._sealed

    def used(self, server: End, *, trusted: bool = True) -> None:
        """A server answered just now; without trust the connection is not used again."""
        self._last_use[server] = time.monotonic() if trusted else 0.0

    def answered_before(self, server: End) -> bool:
        """Whether anything came over this connection yet."""
        return server in self._last_use

    def distrust(self, client: End, *, all_of_them: bool) -> None:
        """Drop the connections opened for a client that were idle for too long, or all of them."""
        handler, now = self._handler(client), time.monotonic()
        for kept in list(handler.transports) if handler else []:
            if kept is not client and (all_of_them or now - self._last_use.get(kept, 0.0) > _IDLE):
                self.drop(client, kept)

    def drop(self, client: End, server: End) -> None:
        """Close a connection to a server."""
        handler = self._handler(client)
        if handler and server in handler.transports and server.connected:
            handler.close_connection(server)

    def writer(self, client: End) -> Callable[[bytes], None] | None:
        """What writes to the client at once; None when it is gone."""
        handler = self._handler(client)
        streams = handler.transports.get(client) if handler else None
        return writing(streams.writer.write, self._sealed.get(client)) if streams and streams.writer else None
