"""Redis killed, hung and brought back under load, with limits on."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.core.policy import Limit
from tests.apps.crowd import Crowd, judge, statuses
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.journal import Journal
from tests.apps.redis_server import redis_server
from tests.apps.table import route, settings, table
from tests.apps.wire import eventually

LONG = 6.0
PLENTY = {"read": Limit(1_000_000, 1, 1_000_000), "write": Limit(1_000_000, 1, 1_000_000)}
ROUTES = (
    route("things.get", "compute", "GET /things", "GET /api/things", limit="read"),
    route("things.make", "compute", "POST /things", "POST /api/things", limit="write"),
)


@pytest.mark.proof
async def test_redis_killed_and_back() -> None:
    """Without Redis every call is still served, at once and by local limits; when it is back, the gateway is too."""
    with redis_server() as redis:
        async with upstream() as up:
            known = replace(table(up.address, *ROUTES), limits=PLENTY)
            async with running(known, settings=settings(redis_url=redis.url)) as gate:
                journal, crowd, done = Journal(up), Crowd(gate.addresses.public), asyncio.Event()
                limits = gate.gateway.context.limits
                load = asyncio.create_task(crowd.until(done))
                await eventually(lambda: len(crowd.outcomes) > 60)
                assert limits.buckets.redis_up
                for away, back in ((redis.kill, redis.start), (redis.hang, redis.resume)):
                    await asyncio.to_thread(away)
                    await eventually(lambda: limits.buckets.redis_up is False)
                    before = len(crowd.outcomes)
                    await eventually(lambda seen=before: len(crowd.outcomes) > seen + 60)  # type: ignore[misc]
                    await asyncio.to_thread(back)
                    await eventually(lambda: limits.buckets.redis_up is True)
                done.set()
                outcomes = await load
                judge(outcomes, journal, seconds=LONG)
                assert statuses(outcomes).keys() == {200, 201}
