"""Bodies on their way: a request body that is digested, an answer that is kept, and one that was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.core.exchange import header
from gateway.headers import HOP_BY_HOP, nominated
from gateway.idempotency.keys import Kept

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from gateway.answer import Answering
    from gateway.core.exchange import Headers
    from gateway.idempotency.keys import Digest
    from gateway.transport.client import Source

_BODYLESS = frozenset({204, 304})
_LOCATIONS = frozenset({"location", "content-location"})
AFTERWARDS = 30.0
"""Seconds for which an answer is read on when its client has left."""


class Digested:
    """A streamed request body whose digest is known once it has passed."""

    def __init__(self, source: Source, digest: Digest) -> None:
        self.length = source.length
        self.complete = False
        self._source = source
        self._digest = digest

    async def take(self) -> bytes:
        """The next piece, empty at the end; raises as the source does."""
        piece = await self._source.take()
        self._digest.add(piece)
        self.complete = not piece
        return piece

    @property
    def text(self) -> str:
        """The digest of a body that has passed whole, else empty."""
        return self._digest.text if self.complete else ""


class Replay:
    """A kept answer, taken like one that arrives."""

    def __init__(self, kept: Kept) -> None:
        self.status = kept.status
        self.headers = kept.headers
        self._body = kept.body or b""

    async def take(self) -> bytes:
        """The whole body, then nothing."""
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        """Give the rest up."""
        self._body = b""


class Recorded:
    """An answer that passes on and is told to `keep` at its end: its body, or None when it was too long or broke.

    When the client leaves, what is missing is read all the same, for half a minute; an event stream is cut off, since
    it may go on for ever, and costs. `background` runs what nobody waits for.
    """

    def __init__(
        self,
        upstream: Answering,
        keep: Callable[[bytes | None], Awaitable[None]],
        limit: int,
        background: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self.status = upstream.status
        self.headers: Headers = upstream.headers
        self._upstream = upstream
        self._keep = keep
        self._limit = limit
        self._background = background
        self._pieces: list[bytes] = []
        self._size = 0
        self._taking = self._left = self._cut = self._ended = False

    async def take(self) -> bytes:
        """See Answering; nothing more once it was closed."""
        if self._over():
            return b""
        self._taking = True
        try:
            piece = await self._take()
            if self._over():
                # Closed while this waited: whoever closed it left the rest to us.
                await self._rest()
        finally:
            self._taking = False
        return piece

    def close(self) -> None:
        """See Answering."""
        if self._over():
            return
        self._left = True
        if self._streams:
            self._cut = True
            self._upstream.close()
        if not self._taking:
            self._background(self._rest())

    def _over(self) -> bool:
        return self._ended or self._left

    @property
    def _streams(self) -> bool:
        return (header(self.headers, "content-type") or "").lower().startswith("text/event-stream")

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(AFTERWARDS):
                while not self._ended and self._size <= self._limit and await self._take():
                    pass
        except Exception:  # noqa: BLE001 - nobody is left to be told, and `_take` has written it down
            return
        finally:
            self._upstream.close()
            await self._end(None)

    async def _take(self) -> bytes:
        try:
            piece = await self._upstream.take()
        except asyncio.CancelledError:
            self._background(self._end(None))
            raise
        except BaseException:
            await self._end(None)
            raise
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)
        else:
            self._pieces.clear()
        if not piece:
            whole = self._size <= self._limit and not self._cut
            await self._end(b"".join(self._pieces) if whole else None)
        return piece

    async def _end(self, body: bytes | None) -> None:
        if not self._ended:
            self._ended = True
            await self._keep(body)


def lasting(status: int, headers: Headers, body: bytes | None, host: str) -> Kept:
    """What of an answer may be given again, on either path: end-to-end headers, no cookie, the length kept.

    A `Location` on the `host` that the service was asked under loses it, since the paths have hosts of their own.
    """
    dropped = HOP_BY_HOP | nominated(headers) | {"content-length", "set-cookie", "set-cookie2"}
    kept = tuple(
        (name, _without(host, value) if name.lower() in _LOCATIONS else value)
        for name, value in headers
        if name.lower() not in dropped
    )
    if body is not None and status not in _BODYLESS:
        kept = (*kept, ("content-length", str(len(body))))
    return Kept(status, kept, body)


def _without(host: str, location: str) -> str:
    for scheme in ("http://", "https://"):
        own = scheme + host
        if host and location.startswith(own) and location[len(own) :].startswith("/"):
            return "/" + location[len(own) :].lstrip("/\\")
    return location
