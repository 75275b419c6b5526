"""The client of aiohttp, set to change as little as it can."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from loadtests.bench.candidates.transport import Failed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.exchange import Headers, Request
    from loadtests.bench.candidates.transport import Source

_ADDED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=1.0)
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class Given:
    """See transport."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        pairs = response.raw_headers
        self.headers: Headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
        self._response = response

    async def take(self) -> bytes:
        """See transport."""
        try:
            return await self._response.content.readany()
        except _FAILURES as error:
            self._response.close()
            raise Failed(repr(error)) from error

    async def close(self) -> None:
        """See transport."""
        self._response.close()


class WithAiohttp:
    """See transport."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=4.0),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_ADDED,
            timeout=_TIMEOUT,
        )

    async def send(self, base: str, request: Request, source: Source | None = None) -> Given:
        """See transport."""
        # It chunks by itself whatever has no length, and refuses to be told so.
        headers = [pair for pair in request.headers if not (source and pair[0].lower() == "transfer-encoding")]
        try:
            response = await self._session.request(
                request.method,
                URL(base + request.target, encoded=True),
                headers=headers,
                data=_pieces(source) if source else request.body or None,
                allow_redirects=False,
            )
        except _FAILURES as error:
            raise Failed(repr(error)) from error
        return Given(response)

    async def close(self) -> None:
        """See transport."""
        await self._session.close()
        # Its connections end in the next turn of the loop.
        await asyncio.sleep(0)


async def _pieces(source: Source) -> AsyncIterator[bytes]:
    while piece := await source.take():
        yield piece
