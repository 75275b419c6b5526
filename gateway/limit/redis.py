"""Buckets in Redis: one script call for each token, by Redis's own clock, all that wait in one round trip."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redis.exceptions import NoScriptError

from gateway.limit.token_bucket import Taken
from gateway.shared import AWAY

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.limit.token_bucket import Pace

# `take` of token_bucket.py in Redis's words: KEYS[1] holds when the bucket is full; ARGV are interval and depth.
# A bucket that is full again says nothing that its absence does not say, so its key expires at that time. The answer
# is one number, since reading several costs the client more than Redis: until full, or -1 less that when refused.
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
full_at = math.min(math.max(full_at, now), now + depth)
local wait = full_at + interval - now - depth
if wait > 0 then
  return -1 - (full_at - now)
end
full_at = full_at + interval
redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000))
return full_at - now
"""
_DIGEST = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
_MOST = 256
"""Script calls in one round trip."""


@dataclass(slots=True)
class _Asked:
    key: str
    pace: Pace
    answer: asyncio.Future[Taken] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class RedisBuckets:
    """Buckets by key, shared by all gateways on one Redis.

    What is asked while a round trip is under way goes together in the next one: a call of the client costs more than
    everything else that a request does here.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[_Asked] = []
        self._sender: asyncio.Task[None] | None = None

    async def take(self, key: str, pace: Pace) -> Taken:
        """Take one token from the bucket of this key.

        Raises:
            RedisError, OSError, TimeoutError: Redis is away or answers in error.
        """
        asked = _Asked(key, pace)
        self._waiting.append(asked)
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        return await asked.answer

    async def answers(self) -> bool:
        """Whether Redis is there."""
        try:
            await self._redis.ping()
        except AWAY:
            return False
        return True

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._settle(batch)
        finally:
            self._sender = None

    async def _settle(self, batch: list[_Asked]) -> None:
        try:
            found = await self._run(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, everybody who waits is told
            found = [error] * len(batch)
        for asked, taken in zip(batch, found, strict=True):
            if asked.answer.done():
                continue
            if isinstance(taken, BaseException):
                asked.answer.set_exception(taken)
            else:
                asked.answer.set_result(_taken(asked.pace, taken))

    async def _run(self, batch: list[_Asked]) -> list[Any]:
        found = await self._call(batch, "evalsha", _DIGEST)
        if any(isinstance(taken, NoScriptError) for taken in found):
            missed = [index for index, taken in enumerate(found) if isinstance(taken, NoScriptError)]
            again = await self._call([batch[index] for index in missed], "eval", SCRIPT)
            for index, taken in zip(missed, again, strict=True):
                found[index] = taken
        return found

    async def _call(self, batch: list[_Asked], command: str, script: str) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for asked in batch:
                getattr(pipe, command)(script, 1, asked.key, str(asked.pace.interval), str(asked.pace.depth))
            found: list[Any] = await pipe.execute(raise_on_error=False)
        return found


def _taken(pace: Pace, told: int) -> Taken:
    if told >= 0:
        return Taken(0, told)
    full = -1 - told
    return Taken(full + pace.interval - pace.depth, full)
