"""Connections kept for the next request. A connection that ends while idle leaves the pool that very moment."""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property, partial
from typing import TYPE_CHECKING
from weakref import WeakSet

from gateway.batch import Batch, shared
from gateway.transport.connection import Connection
from gateway.transport.deadlines import Deadlines
from gateway.transport.errors import ConnectFailed, ConnectTimedOut
from gateway.transport.heads import Heads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.transport.origin import Origin

MAX_IDLE = 4.0
"""Seconds a connection may rest: below the five after which uvicorn and Node close theirs."""


class Pool:
    """Idle connections by origin, the freshest first."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._idle: dict[Origin, list[Connection]] = {}
        self._retired: frozenset[Origin] = frozenset()
        self._heads = Heads()
        self._opened: dict[Origin, int] = {}
        self._known: dict[Origin, WeakSet[Connection]] = {}

    async def take(self, origin: Origin, seconds: float, *, fresh: bool = False) -> Connection:
        """An open connection to a service; with `fresh` a new one.

        Raises:
            ConnectFailed: the service refuses or cannot be found.
            ConnectTimedOut: no connection within `seconds`.
        """
        return (None if fresh else self.rested(origin)) or await self._connect(origin, seconds)

    def rested(self, origin: Origin) -> Connection | None:
        """An open connection that rests, if there is one."""
        resting = self._idle.get(origin)
        if not resting:
            return None
        oldest = asyncio.get_running_loop().time() - MAX_IDLE
        while resting:
            connection = resting.pop()
            if connection.idle_since > oldest and connection.open():
                return connection
            connection.close()
        return None

    def release(self, origin: Origin, connection: Connection) -> None:
        """Give a connection back; one that may not be used again is closed."""
        resting = self._idle.get(origin)
        if resting is None:
            resting = self._idle[origin] = []
        if not connection.reusable or len(resting) >= self._limit or (self._retired and origin in self._retired):
            connection.close()
            return
        connection.in_use = False
        connection.idle_since = now = asyncio.get_running_loop().time()
        resting.append(connection)
        while now - resting[0].idle_since > MAX_IDLE:
            resting.pop(0).close()

    def put_back(self, origin: Origin, connection: Connection) -> None:
        """Let a connection rest on that `rested` gave and nobody used."""
        self._idle[origin].append(connection)

    def idle(self, origin: Origin) -> int:
        """How many connections rest."""
        return len(self._idle.get(origin, ()))

    def open(self, origin: Origin) -> int:
        """How many connections there are, at rest or in use."""
        return sum(not connection.ended for connection in self._known.get(origin, ()))

    def opened(self, origin: Origin) -> int:
        """How many were opened so far."""
        return self._opened.get(origin, 0)

    def origins(self) -> tuple[Origin, ...]:
        """Where connections were kept."""
        return tuple(self._idle)

    def follow(self, before: Iterable[Origin], after: Iterable[Origin]) -> None:
        """Close what rests where a service stood and stands no longer; connections in use end with their request."""
        self._retired = (self._retired | frozenset(before)) - frozenset(after)
        for origin in self._retired:
            for connection in self._idle.pop(origin, ()):
                connection.close()

    def close(self) -> None:
        """Close every resting connection."""
        for resting in self._idle.values():
            for connection in list(resting):
                connection.close()
        self._idle.clear()

    async def _connect(self, origin: Origin, seconds: float) -> Connection:
        context = self._tls if origin.scheme == "https" else None
        name = origin.host if context else None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                _, connection = await loop.create_connection(
                    partial(Connection, partial(self._forget, origin), self._deadlines, self._batch, self._heads),
                    origin.host,
                    origin.port,
                    ssl=context,
                    server_hostname=name,
                )
        except TimeoutError:
            raise ConnectTimedOut(f"no connection to {origin.authority} within {seconds:g} s") from None
        except OSError as error:
            raise ConnectFailed(f"{origin.authority}: {error.strerror or error}") from None
        self._opened[origin] = self.opened(origin) + 1
        self._known.setdefault(origin, WeakSet()).add(connection)
        return connection

    def _forget(self, origin: Origin, connection: Connection) -> None:
        resting = self._idle.get(origin, [])
        if connection in resting:
            resting.remove(connection)

    @cached_property
    def _batch(self) -> Batch:
        return shared()

    @cached_property
    def _deadlines(self) -> Deadlines:
        # Made with the first connection, since it belongs to the running loop.
        return Deadlines()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context
