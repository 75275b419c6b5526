"""The issuer's published keys: fetched, kept, rotated, and given up when nobody has confirmed them for too long."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.ask import ask
from gateway.authenticate.jwks import read_key_set
from gateway.core.routes import Timeouts
from gateway.problem import Unavailable
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.authenticate.jwks import KeySet, PublicKey
    from gateway.core.credentials import Jwks
    from gateway.transport.pool import Pool

PAUSE = 5.0
"""Seconds between two fetches, whatever tokens name."""
PATIENCE = 3.0
_TIMEOUTS = Timeouts(connect=PATIENCE, first_byte=PATIENCE, idle=PATIENCE)
_OK = 200
_log = logging.getLogger("cutover.gateway")


class Published:
    """The key set of one address at a time; `on_removal` is called when a key has gone from it."""

    def __init__(
        self, pool: Pool, on_removal: Callable[[], None], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool, self._on_removal, self._monotonic = pool, on_removal, monotonic
        self._running: set[asyncio.Task[None]] = set()
        self._forget("")

    def _forget(self, url: str) -> None:
        self._url = url
        self._set: KeySet | None = None
        self._fetched = self._tried = float("-inf")
        self._failed = False
        self._flight: asyncio.Task[None] | None = None

    async def key(self, jwks: Jwks, algorithm: str, kid: str | None, *, wait: bool = True) -> PublicKey | None:
        """The key a token names, None when the issuer has no such key.

        An unknown name makes the set be fetched again, at most once in `PAUSE`; with `wait` false nothing is waited
        for.

        Raises:
            Unavailable: whether the key holds cannot be known now.
        """
        if jwks.url != self._url:
            # What is being fetched from the former address still ends for those who wait for it, and is not kept.
            self._forget(jwks.url)
        self._refresh_when_due(jwks)
        key = self._find(jwks, algorithm, kid)
        if key is None:
            self._start(jwks)
            if self._flight is not None and wait:
                await asyncio.shield(self._flight)
            key = self._find(jwks, algorithm, kid)
        if key is None and (self._failed or self._age() >= jwks.keep):
            raise Unavailable(
                "The keys that tokens are checked with cannot be fetched now",
                reason="keys-away",
                headers=(("retry-after", str(int(PAUSE))),),
            )
        return key

    def good_for(self, jwks: Jwks) -> float:
        """Seconds for which what these keys verified may be believed: until the set is fetched again."""
        return max(jwks.refresh - self._age(), PAUSE)

    def close(self) -> None:
        """Give up what is being fetched."""
        for task in self._running:
            task.cancel()

    def _age(self) -> float:
        return self._monotonic() - self._fetched

    def _find(self, jwks: Jwks, algorithm: str, kid: str | None) -> PublicKey | None:
        return self._set.find(algorithm, kid) if self._set is not None and self._age() < jwks.keep else None

    def _refresh_when_due(self, jwks: Jwks) -> None:
        if self._age() >= jwks.refresh:
            self._start(jwks)

    def _start(self, jwks: Jwks) -> None:
        if self._flight is None and self._monotonic() - self._tried >= PAUSE:
            self._tried = self._monotonic()
            self._flight = asyncio.get_running_loop().create_task(self._fetch(jwks))
            self._running.add(self._flight)
            self._flight.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if self._flight is task:
            self._flight = None

    async def _fetch(self, jwks: Jwks) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._read(jwks)
        except (TransportError, TimeoutError, ValueError) as error:
            self._failed = self._failed or jwks.url == self._url
            _log.warning("the key set at %s was not renewed: %s", jwks.url, str(error) or "it took too long")
        else:
            if jwks.url == self._url:
                self._take(found)

    def _take(self, found: KeySet) -> None:
        before, self._set = self._set, found
        self._fetched, self._failed = self._monotonic(), False
        if before is not None and before.material - found.material:
            self._on_removal()

    async def _read(self, jwks: Jwks) -> KeySet:
        parts = urlsplit(jwks.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        base, told = f"{parts.scheme}://{parts.netloc}", (("Accept", "application/json"),)
        reply = await ask(self._pool, base, target, told, timeouts=_TIMEOUTS)
        if reply.status != _OK:
            raise ValueError(f"it answered {reply.status}")
        return read_key_set(reply.body)
