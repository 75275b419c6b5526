"""Redis or memory: one suite over both, and what happens between them."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.core.policy import Limit
from gateway.limit.buckets import Buckets
from gateway.limit.token_bucket import pace_of
from gateway.shared import PATIENCE, connect
from tests.apps.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.redis_server import RedisServer

LIMIT = Limit(rate=60, per=60, burst=4)
WHOLE, SHARE = pace_of("c", LIMIT), pace_of("c", LIMIT, 2)


@asynccontextmanager
async def buckets(server: RedisServer | None) -> AsyncIterator[Buckets]:
    """Buckets on this Redis or in memory, with a short back-off."""
    redis = connect(server.url) if server else None
    one = Buckets(redis, b"k", back_off=0.05)
    try:
        yield one
    finally:
        await one.close()
        if redis is not None:
            await redis.aclose()


async def passed(one: Buckets, times: int, key: str = "c user u") -> int:
    """How many of so many get a token."""
    return len([1 for _ in range(times) if not (await one.take(key, WHOLE, WHOLE))[1].wait])


async def until(one: Buckets, *, up: bool) -> None:
    """Wait until Redis counts as up or down."""
    end = time.monotonic() + 10
    while one.redis_up is not up:
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_bucket_gives_its_burst_and_refills(kind: str) -> None:
    """A subject has its burst, others have theirs, and a token comes back after the time that is told."""
    with redis_server() as server:
        async with buckets(server if kind == "redis" else None) as one:
            assert await passed(one, 6) == 4
            assert await passed(one, 6, "c user v") == 4
            assert await passed(one, 6, "d user u") == 4
            fast = pace_of("f", Limit(rate=100, per=1, burst=1))
            assert not (await one.take("f user u", fast, fast))[1].wait
            wait = (await one.take("f user u", fast, fast))[1].wait
            assert 0 < wait <= 10_000
            await asyncio.sleep(0.03)
            assert not (await one.take("f user u", fast, fast))[1].wait


async def test_two_on_one_redis_share_a_bucket_and_two_memories_do_not() -> None:
    """Where instances meet the limit holds for all together."""
    with redis_server() as server:
        async with buckets(server) as one, buckets(server) as other:
            assert await passed(one, 3) + await passed(other, 3) == 4
    async with buckets(None) as one, buckets(None) as other:
        assert await passed(one, 6) + await passed(other, 6) == 8


async def test_share_is_used_while_redis_is_away_and_the_whole_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A killed Redis costs no request an answer; it is said once, and ends by itself."""
    caplog.set_level(logging.WARNING, "cutover.gateway")
    with redis_server() as server:
        async with buckets(server) as one:
            assert (await one.take("c user u", WHOLE, SHARE))[0] is WHOLE
            server.kill()
            taken = [await one.take("c user u", WHOLE, SHARE) for _ in range(4)]
            assert [pace for pace, _ in taken] == [SHARE] * 4
            assert [bool(one.wait) for _, one in taken] == [False, False, True, True]
            assert one.redis_up is False
            server.start()
            await until(one, up=True)
            assert (await one.take("c user u", WHOLE, SHARE))[0] is WHOLE
    assert [record.message.split()[2] for record in caplog.records] == ["away", "back:"]


async def test_hanging_redis_costs_its_patience_once() -> None:
    """Requests beside the one that finds out wait as long as it; those after it wait for nothing at all."""
    with redis_server() as server:
        async with buckets(server) as one:
            await one.take("c user u", WHOLE, SHARE)
            server.hang()
            began = time.monotonic()
            await asyncio.gather(*(one.take(f"c user {number}", WHOLE, SHARE) for number in range(50)))
            found_out = time.monotonic()
            assert PATIENCE * 0.8 < found_out - began < PATIENCE * 20
            waited = 0.0
            for number in range(200):
                before = time.monotonic()
                await one.take(f"c user {number}", WHOLE, SHARE)
                waited = max(waited, time.monotonic() - before)
                await asyncio.sleep(0.002)
            assert waited < PATIENCE
            assert one.redis_up is False
            server.resume()
            await until(one, up=True)


async def test_memory_knows_no_redis() -> None:
    """Without a Redis there is none to be up or away, and each takes from its share."""
    async with buckets(None) as one:
        assert one.redis_up is None
        assert (await one.take("c user u", WHOLE, SHARE))[0] is SHARE


async def test_nothing_in_redis_names_a_subject() -> None:
    """Neither keys nor values hold the subject in clear."""
    with redis_server() as server:
        async with buckets(server) as one:
            await one.take("c user somebody@example.org", WHOLE, SHARE)
            redis = connect(server.url)
            keys = await redis.keys("*")
            assert len(keys) == 1
            assert b"somebody" not in keys[0] + await redis.get(keys[0])
            await redis.aclose()
