"""Where tokens are taken: from Redis, or from this process's share while Redis is away or none is configured."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gateway.limit.memory import MemoryBuckets
from gateway.limit.redis import RedisBuckets
from gateway.limit.subject import Keys
from gateway.shared import AWAY

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.limit.token_bucket import Pace, Taken

BACK_OFF = 1.0
"""Seconds between two looks whether Redis is back; no request waits for them."""
_log = logging.getLogger("cutover.gateway")


class Buckets:
    """All buckets of a gateway. The first call that finds Redis away waits for it, and so do those beside it."""

    def __init__(self, redis: Redis | None, key: bytes, *, back_off: float = BACK_OFF) -> None:
        self._shared = RedisBuckets(redis) if redis is not None else None
        self._memory = MemoryBuckets()
        self._keys = Keys(key)
        self._back_off = back_off
        self._watch: asyncio.Task[None] | None = None

    @property
    def redis_up(self) -> bool | None:
        """Whether Redis answered when it was last asked; None without one."""
        return None if self._shared is None else self._watch is None

    def take_here(self, key: str, share: Pace) -> Taken | None:
        """Take one token of this process's share at once; None where Redis is to be asked."""
        return self._memory.take(key, share) if self._shared is None else None

    async def take(self, key: str, whole: Pace, share: Pace) -> tuple[Pace, Taken]:
        """Take one token: of the whole limit where all instances meet, of this one's share where they do not."""
        if self._shared is not None and self._watch is None:
            try:
                return whole, await self._shared.take(self._keys.named(key), whole)
            except AWAY as error:
                self._went_away(self._shared, error)
        return share, self._memory.take(key, share)

    async def close(self) -> None:
        """Look for Redis no more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    def _went_away(self, shared: RedisBuckets, error: Exception) -> None:
        if self._watch is None:
            _log.warning("Redis is away (%s): limits are this process's share until it is back", type(error).__name__)
            self._watch = asyncio.create_task(self._until_back(shared))

    async def _until_back(self, shared: RedisBuckets) -> None:
        back = False
        while not back:
            await asyncio.sleep(self._back_off)
            back = await shared.answers()
        _log.warning("Redis is back: limits are shared again")
        self._watch = None
