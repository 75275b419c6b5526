"""The ledger in a Redis that several gateways and shadows share: one script, one round trip, Redis's own clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.idempotency.claim import Entry, Found, State
from gateway.idempotency.ledger import Away
from gateway.shared import AWAY

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.core.idempotency import Idempotency

PREFIX = "cutover:idempotency:"
KEY_NAME = PREFIX + "key"
"""Which key file the entries were made with: under another one every slot would look free."""

_AT_ONCE = 32
"""Calls under way at once: each takes a connection of the client, and others need some too."""
_WAIT = 1.0
"""Seconds for a call and the wait for its turn."""
_NOBODY = Entry("", "", "", "")
_SCRIPT = """
local named = redis.call('GET', KEYS[2])
if named and named ~= ARGV[2] then return {'foreign'} end
if not named then redis.call('SET', KEYS[2], ARGV[2]) end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local owner = redis.call('HGET', KEYS[1], 'owner')
if ARGV[1] == 'drop' then
  if owner == ARGV[3] then redis.call('DEL', KEYS[1]) end
  return {'free'}
end
if ARGV[1] == 'find' and not owner then return {'free'} end
if owner and (ARGV[1] == 'claim' or ARGV[1] == 'find' or owner ~= ARGV[3]) then
  local held = redis.call('HMGET', KEYS[1], 'owner', 'head', 'body', 'holder', 'state', 'answer', 'leased')
  local lapsed = '0'
  if tonumber(held[7]) < now then lapsed = '1' end
  return {'held', held[1], held[2], held[3], held[4], held[5], held[6], lapsed}
end
redis.call('HSET', KEYS[1], 'owner', ARGV[3], 'head', ARGV[4], 'body', ARGV[5], 'holder', ARGV[6],
  'state', ARGV[7], 'answer', ARGV[8], 'leased', string.format('%.0f', now + ARGV[9]))
redis.call('PEXPIRE', KEYS[1], ARGV[10])
return {'free'}
"""


class SharedLedger:
    """A `Ledger` over a client that fails soon; `name` is that of the key file (`Keys.name`).

    The client is closed with the ledger when it is `owned`.
    """

    def __init__(self, redis: Redis, name: str, *, owned: bool = False) -> None:
        self._redis = redis if owned else None
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._script = redis.register_script(_SCRIPT)
        self._name = name

    async def claim(self, slot: str, entry: Entry, terms: Idempotency) -> Found | None:
        """See Ledger."""
        return await self._run("claim", slot, entry, _milliseconds(terms.lease), _milliseconds(terms.keep))

    async def find(self, slot: str) -> Found | None:
        """See Ledger."""
        return await self._run("find", slot, _NOBODY, 0, 0)

    async def put(self, slot: str, entry: Entry, terms: Idempotency) -> bool:
        """See Ledger."""
        return await self._run("put", slot, entry, _milliseconds(terms.lease), _milliseconds(terms.keep)) is None

    async def drop(self, slot: str, owner: str) -> None:
        """See Ledger."""
        await self._run("drop", slot, replace(_NOBODY, owner=owner), 0, 0)

    async def close(self) -> None:
        """See Ledger."""
        if self._redis is not None:
            await self._redis.aclose()

    async def _run(self, action: str, slot: str, entry: Entry, lease: int, keep: int) -> Found | None:
        fields = (entry.owner, entry.head, entry.body, entry.holder, entry.state, entry.answer)
        try:
            async with asyncio.timeout(_WAIT), self._turns:
                said: list[Any] = await self._script(
                    keys=[PREFIX + slot, KEY_NAME], args=[action, self._name, *fields, lease, keep]
                )
        except AWAY as error:
            raise Away(str(error)) from None
        if said[0] == b"foreign":
            raise Away("the entries in Redis were made with another answers.key; every host needs the same file")
        return _found(said) if said[0] == b"held" else None


def _found(said: list[bytes]) -> Found:
    owner, head, body, holder, state = (field.decode() for field in said[1:6])
    return Found(Entry(owner, head, body, holder, State(state), said[6]), lapsed=said[7] == b"1")


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
