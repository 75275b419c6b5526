"""The Redis in which several gateways meet: limits, idempotency and cached answers."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

PATIENCE = 0.25
"""Seconds to wait for Redis before going on without it."""
AWAY = (RedisError, OSError, TimeoutError)
"""What a call raises when Redis is away or broken."""


def connect(url: str) -> Redis:
    """A client whose calls fail within `PATIENCE` and reconnect by themselves; nothing is sent yet."""
    return Redis.from_url(
        url,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
