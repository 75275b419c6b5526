"""Which ledger a process uses: Redis where one is shared, else the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.idempotency.claims import Claims
from gateway.idempotency.embedded import EmbeddedLedger
from gateway.idempotency.keys import Keys
from gateway.idempotency.shared_ledger import SharedLedger
from gateway.shared import connect

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis


def opened(store: Path, secret: bytes, redis: Redis | str | None) -> Claims:
    """Claims over the ledger; `secret` is the content of `answers.key`, `redis` a client or an address, if any.

    Nothing is asked before the first claim. A client that is given stays the giver's to close.
    """
    keys = Keys(secret)
    if not redis:
        return Claims(EmbeddedLedger(store), keys)
    if isinstance(redis, str):
        return Claims(SharedLedger(connect(redis), keys.name, owned=True), keys)
    return Claims(SharedLedger(redis, keys.name), keys)
