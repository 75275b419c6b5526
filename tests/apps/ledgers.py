"""Both ledgers, for tests that hold for either."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.idempotency.claim import Entry, Found
from gateway.idempotency.claims import Claims
from gateway.idempotency.embedded import EmbeddedLedger
from gateway.idempotency.keys import Keys
from gateway.idempotency.ledger import Away
from gateway.idempotency.shared_ledger import SharedLedger
from gateway.shared import connect
from gateway.store.database import open_store
from tests.apps.redis_server import redis_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.core.idempotency import Idempotency
    from gateway.idempotency.ledger import Ledger

KINDS = ("embedded", "shared")
KEYS = Keys(b"k" * 32)


class Fickle:
    """A ledger in memory that a test takes away and brings back; `late` loses the answer to what it does."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.away = False
        self.late = False
        self.claims = self.puts = 0
        self.closed = False

    def _answer(self) -> None:
        if self.away or self.late:
            raise Away("away")

    async def claim(self, slot: str, entry: Entry, terms: Idempotency) -> Found | None:
        """See Ledger."""
        del terms
        self.claims += 1
        if self.away:
            self._answer()
        found = self.entries.setdefault(slot, entry)
        self._answer()
        return None if found is entry else Found(found)

    async def find(self, slot: str) -> Found | None:
        """See Ledger."""
        self._answer()
        return Found(self.entries[slot]) if slot in self.entries else None

    async def put(self, slot: str, entry: Entry, terms: Idempotency) -> bool:
        """See Ledger."""
        del terms
        self._answer()
        self.puts += 1
        if slot in self.entries and self.entries[slot].owner != entry.owner:
            return False
        self.entries[slot] = entry
        return True

    async def drop(self, slot: str, owner: str) -> None:
        """See Ledger."""
        self._answer()
        if slot in self.entries and self.entries[slot].owner == owner:
            del self.entries[slot]

    async def close(self) -> None:
        """See Ledger."""
        self.closed = True


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
        # On a busy machine many at once take longer than a gateway waits.
        redis.connection_pool.connection_kwargs.update(socket_timeout=10, socket_connect_timeout=10)
        try:
            yield Ledgers(kind, lambda: kept(SharedLedger(redis, KEYS.name)))
        finally:
            await redis.aclose()
