"""The Redis that several gateways share."""

from __future__ import annotations

import time

import pytest

from gateway.shared import AWAY, PATIENCE, connect
from tests.apps.redis_server import redis_server


async def test_client_comes_back_by_itself() -> None:
    """A Redis that was killed and started again answers the same client."""
    with redis_server() as server:
        client = connect(server.url)
        assert await client.set("a", "1")
        server.kill()
        with pytest.raises(AWAY):
            await client.get("a")
        server.start()
        assert await client.get("a") is None
        await client.aclose()


async def test_hanging_redis_costs_little() -> None:
    """A call fails soon after `PATIENCE` where connections open and nothing answers."""
    with redis_server() as server:
        client = connect(server.url)
        await client.ping()
        server.hang()
        began = time.monotonic()
        with pytest.raises(AWAY):
            await client.get("a")
        assert time.monotonic() - began < PATIENCE * 20
        server.resume()
        await client.aclose()
