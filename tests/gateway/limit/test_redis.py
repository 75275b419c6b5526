"""Buckets in Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.core.policy import Limit
from gateway.limit.redis import RedisBuckets
from gateway.limit.token_bucket import SECOND, pace_of
from gateway.shared import AWAY, connect
from tests.apps.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from tests.apps.redis_server import RedisServer

PACE = pace_of("c", Limit(60, 60, 5))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis."""
    with redis_server() as one:
        yield one


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    """A client of it."""
    client = connect(server.url)
    yield client
    await client.aclose()


async def commands(redis: Redis) -> dict[str, int]:
    """How often each command was called."""
    stats = await redis.info("commandstats")
    return {name.removeprefix("cmdstat_"): numbers["calls"] for name, numbers in stats.items()}


async def test_script_is_sent_once_and_again_when_redis_has_forgotten_it(redis: Redis) -> None:
    """A token costs one EVALSHA; only where the script is unknown is it sent whole."""
    buckets = RedisBuckets(redis)
    for _ in range(3):
        await buckets.take("a", PACE)
    assert {name: number for name, number in (await commands(redis)).items() if name.startswith("eval")} == {
        "eval": 1,
        "evalsha": 3,
    }
    await redis.script_flush()
    assert (await buckets.take("a", PACE)).wait == 0
    assert (await buckets.take("a", PACE)).wait == 0
    assert (await buckets.take("a", PACE)).wait > 0
    assert (await commands(redis))["eval"] == 2


async def test_concurrent_calls_share_round_trips_and_keep_their_answers_apart(redis: Redis) -> None:
    """Many at once get exactly what the bucket holds, each his own answer, over few connections."""
    buckets = RedisBuckets(redis)
    names = [f"k{number % 3}" for number in range(600)]
    taken = await asyncio.gather(*(buckets.take(name, PACE) for name in names))
    for name in ("k0", "k1", "k2"):
        mine = [one for one, whose in zip(taken, names, strict=True) if whose == name]
        assert len([one for one in mine if not one.wait]) == 5
    assert len(await redis.client_list()) <= 2


async def test_key_ends_when_its_bucket_is_full(redis: Redis) -> None:
    """What Redis keeps goes by itself, and says no more than when the bucket is full."""
    buckets = RedisBuckets(redis)
    await buckets.take("a", PACE)
    await buckets.take("a", PACE)
    left = await redis.pttl("a")
    assert 1000 < left <= 2000
    now = await redis.time()
    assert 0 < int(await redis.get("a")) - (now[0] * SECOND + now[1]) <= 2 * SECOND


async def test_bucket_from_the_future_counts_as_empty(redis: Redis) -> None:
    """When Redis's clock is turned back a subject waits for one token and not for the clock."""
    await redis.set("a", 10**16)
    assert (await RedisBuckets(redis).take("a", PACE)).wait == PACE.interval


async def test_everybody_who_waits_hears_that_redis_is_away(server: RedisServer, redis: Redis) -> None:
    """No call is left waiting, and the next one is tried anew."""
    buckets = RedisBuckets(redis)
    assert await buckets.answers()
    server.kill()
    failures = await asyncio.gather(*(buckets.take("a", PACE) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(failure, AWAY) for failure in failures)
    assert not await buckets.answers()
    server.start()
    assert (await buckets.take("a", PACE)).wait == 0


async def test_one_wrong_key_harms_no_other(redis: Redis) -> None:
    """An error answer reaches the call it belongs to."""
    await redis.rpush("list", "x")
    buckets = RedisBuckets(redis)
    bad, good = await asyncio.gather(buckets.take("list", PACE), buckets.take("a", PACE), return_exceptions=True)
    assert isinstance(bad, AWAY)
    assert not isinstance(good, BaseException)


async def test_caller_who_gives_up_leaves_the_others_their_answers(redis: Redis) -> None:
    """A cancelled call takes nothing from those in its round trip."""
    buckets = RedisBuckets(redis)
    gone = asyncio.create_task(buckets.take("a", PACE))
    stays = asyncio.create_task(buckets.take("a", PACE))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).wait == 0
    assert gone.cancelled() or gone.cancelling()
