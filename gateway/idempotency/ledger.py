"""Where keys are claimed: the one SQLite file, or a Redis, behind the same three operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.core.idempotency import Idempotency
    from gateway.idempotency.claim import Entry, Found


class Away(Exception):  # noqa: N818 - named for what happened
    """The ledger cannot be asked now, or is somebody else's."""


class Ledger(Protocol):
    """Entries by slot, shared by every process of a platform; each call is one round trip.

    `terms` say how long an entry is kept and how long its owner may be silent.

    Raises:
        Away: from every operation.
    """

    async def claim(self, slot: str, entry: Entry, terms: Idempotency) -> Found | None:
        """Enter the slot when it is free (None), else what stands there."""
        ...

    async def find(self, slot: str) -> Found | None:
        """What stands in the slot, None when it is free; nothing changes."""
        ...

    async def put(self, slot: str, entry: Entry, terms: Idempotency) -> bool:
        """Enter the slot when it is free or the entry's owner has it; False when another has it."""
        ...

    async def drop(self, slot: str, owner: str) -> None:
        """Free the slot if this owner has it."""
        ...

    async def close(self) -> None:
        """Let go of what the ledger holds open."""
        ...
