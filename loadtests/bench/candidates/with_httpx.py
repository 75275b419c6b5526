"""The client of httpx, set to change as little as it can."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx

from loadtests.bench.candidates.transport import Failed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.exchange import Headers, Request
    from loadtests.bench.candidates.transport import Source

_TIMEOUT = httpx.Timeout(1.0, connect=5.0)
_FAILURES = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError)


class Given:
    """See transport."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        pairs = response.headers.raw
        self.headers: Headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
        self._response = response
        self._pieces = response.aiter_raw()

    async def take(self) -> bytes:
        """See transport."""
        try:
            return await anext(self._pieces, b"")
        except _FAILURES as error:
            raise Failed(repr(error)) from error

    async def close(self) -> None:
        """See transport."""
        await self._response.aclose()


class WithHttpx:
    """See transport."""

    def __init__(self) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=256, keepalive_expiry=4.0)
        self._client = httpx.AsyncClient(limits=limits, timeout=_TIMEOUT, trust_env=False, verify=False)  # noqa: S501 - plain HTTP
        self._client.headers.clear()
        self._client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    async def send(self, base: str, request: Request, source: Source | None = None) -> Given:
        """See transport."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
        try:
            host = httpx.URL(base)
            target = request.target.encode("utf-8", "surrogateescape")
            asked = self._client.build_request(
                request.method,
                host,
                headers=headers,
                content=_pieces(source) if source else request.body or None,
                extensions={"target": target},
            )
            return Given(await self._client.send(asked, stream=True, follow_redirects=False))
        except _FAILURES as error:
            raise Failed(repr(error)) from error

    async def close(self) -> None:
        """See transport."""
        await self._client.aclose()


async def _pieces(source: Source) -> AsyncIterator[bytes]:
    while piece := await source.take():
        yield piece
