"""The gateway's own client: llhttp and asyncio protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Timeouts
from gateway.transport.client import Upstream, send
from gateway.transport.errors import Broken, TransportError
from gateway.transport.origin import origin_of
from gateway.transport.pool import Pool
from loadtests.bench.candidates.transport import Failed

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request
    from loadtests.bench.candidates.transport import Source

_PATIENCE = Timeouts(5.0, 1.0, 1.0)


class Given:
    """See transport."""

    def __init__(self, upstream: Upstream) -> None:
        self.status = upstream.status
        self.headers: Headers = upstream.headers
        self._upstream = upstream

    async def take(self) -> bytes:
        """See transport."""
        try:
            return await self._upstream.take()
        except TransportError as error:
            raise Failed(str(error)) from error

    async def close(self) -> None:
        """See transport."""
        self._upstream.close()


class Own:
    """See transport. A read whose rested connection proved closed is sent once more, as `gateway.forward` does."""

    def __init__(self) -> None:
        self._pool = Pool()

    async def send(self, base: str, request: Request, source: Source | None = None) -> Given:
        """See transport."""
        origin = origin_of(base)
        try:
            return Given(await send(self._pool, origin, request, source, _PATIENCE))
        except Broken as error:
            if not error.stale or request.method != "GET":
                raise Failed(str(error)) from error
        except TransportError as error:
            raise Failed(str(error)) from error
        try:
            return Given(await send(self._pool, origin, request, source, _PATIENCE, fresh=True))
        except TransportError as error:
            raise Failed(str(error)) from error

    async def close(self) -> None:
        """See transport."""
        self._pool.close()
