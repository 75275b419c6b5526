"""Both ledgers, for tests that hold for either."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.idempotency.claims import Claims
from gateway.idempotency.embedded import EmbeddedLedger
from gateway.idempotency.keys import Keys
from gateway.idempotency.shared_ledger import SharedLedger
from gateway.shared import connect
from gateway.store.database import open_store
from tests.apps.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.idempotency.ledger import Ledger

KINDS = ("embedded", "shared")
KEYS = Keys(b"k" * 32)


@dataclass
class Ledgers:
    """One place of entries; `open` gives a ledger over it, as another process would have it."""

    kind: str
    open: Callable[[], Ledger]

    def claims(self) -> Claims:
        """Claims of one process."""
        return Claims(self.open(), KEYS)


@asynccontextmanager
async def ledgers(kind: str, directory: Path) -> AsyncIterator[Ledgers]:
    """A place of either kind."""
    opened: list[Ledger] = []

    def kept(ledger: Ledger) -> Ledger:
        opened.append(ledger)
        return ledger

    if kind == "embedded":
        store = directory / "cutover.db"
        open_store(store).close()
        try:
            yield Ledgers(kind, lambda: kept(EmbeddedLedger(store)))
        finally:
            for ledger in opened:
                await ledger.close()
        return
    with redis_server() as server:
        redis = connect(server.url)
        try:
            yield Ledgers(kind, lambda: kept(SharedLedger(redis, KEYS.name)))
        finally:
            await redis.aclose()
