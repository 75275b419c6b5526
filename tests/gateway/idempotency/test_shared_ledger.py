from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.core.idempotency import Idempotency
from gateway.idempotency.claim import Entry, Found
from gateway.idempotency.ledger import Away
from gateway.idempotency.shared_ledger import KEY_NAME, PREFIX, SharedLedger
from gateway.shared import connect
from tests.apps.ledgers import KEYS
from tests.apps.redis_server import RedisServer, redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

TERMS = Idempotency()
ENTRY = Entry("owner", "head", "body", "holder")
OTHER = Entry("other", "head", "body", "holder")


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis."""
    with redis_server() as made:
        yield made


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    """A client."""
    made = connect(server.url)
    yield made
    await made.aclose()


async def test_a_claim_is_one_round_trip(server: RedisServer, redis: Redis) -> None:
    """One EVALSHA, once the script is known to Redis."""
    ledger = SharedLedger(redis, KEYS.name)
    await ledger.claim("warm", ENTRY, TERMS)
    await redis.config_resetstat()
    await ledger.claim("slot", ENTRY, TERMS)
    asked = await redis.info("commandstats")
    named = {name for name, stats in asked.items() if stats["calls"] and name.startswith("cmdstat_eval")}
    assert named == {"cmdstat_evalsha"}
    assert asked["cmdstat_evalsha"]["calls"] == 1
    assert server.process is not None


async def test_many_claims_at_once_leave_connections_to_others(redis: Redis) -> None:
    """A hundred wait for their turn instead of being turned away."""
    ledger = SharedLedger(redis, KEYS.name)
    found = await asyncio.gather(*(ledger.claim(str(number), ENTRY, TERMS) for number in range(100)))
    assert found == [None] * 100
    assert len(redis.connection_pool._available_connections) <= 33


async def test_a_dead_redis_is_away_soon_and_comes_back_by_itself(server: RedisServer, redis: Redis) -> None:
    """What it knew is gone with it, so that a key is free again."""
    ledger = SharedLedger(redis, KEYS.name)
    assert await ledger.claim("slot", ENTRY, TERMS) is None
    server.kill()
    for _ in range(2):
        with pytest.raises(Away):
            await ledger.claim("slot", OTHER, TERMS)
    server.start()
    assert await ledger.claim("slot", OTHER, TERMS) is None


async def test_a_redis_that_hangs_is_away_soon(server: RedisServer, redis: Redis) -> None:
    """Nobody waits for it longer than a moment; it goes on where it stood."""
    ledger = SharedLedger(redis, KEYS.name)
    assert await ledger.claim("slot", ENTRY, TERMS) is None
    server.hang()
    started = asyncio.get_running_loop().time()
    with pytest.raises(Away):
        await ledger.claim("slot", OTHER, TERMS)
    assert asyncio.get_running_loop().time() - started < 5
    server.resume()
    assert await ledger.claim("slot", OTHER, TERMS) == Found(ENTRY)


async def test_a_process_with_another_key_file_is_told_instead_of_served(redis: Redis) -> None:
    """Its slots would all look free, and every retry there would be a second write."""
    assert await SharedLedger(redis, KEYS.name).claim("slot", ENTRY, TERMS) is None
    foreign = SharedLedger(redis, "another")
    for call in (
        foreign.claim("slot", OTHER, TERMS),
        foreign.put("slot", OTHER, TERMS),
        foreign.drop("slot", "owner"),
    ):
        with pytest.raises(Away, match="every host needs the same file"):
            await call
    assert await SharedLedger(redis, KEYS.name).claim("slot", OTHER, TERMS) == Found(ENTRY)


async def test_entries_expire_in_redis_itself(redis: Redis) -> None:
    """With the time they are kept; the name of the key file stays."""
    await SharedLedger(redis, KEYS.name).claim("slot", ENTRY, Idempotency(keep=100, lease=10))
    assert 90_000 < await redis.pttl(PREFIX + "slot") <= 100_000
    assert await redis.pttl(KEY_NAME) == -1


async def test_a_client_is_closed_by_its_owner_only(server: RedisServer, redis: Redis) -> None:
    """A gateway's one client outlives the ledger."""
    await SharedLedger(redis, KEYS.name).close()
    assert await redis.ping()
    own = connect(server.url)
    ledger = SharedLedger(own, KEYS.name, owned=True)
    await ledger.claim("slot", ENTRY, TERMS)
    await ledger.close()
    assert not any(connection.is_connected for connection in own.connection_pool._available_connections)
