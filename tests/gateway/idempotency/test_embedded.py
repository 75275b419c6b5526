from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.idempotency import Idempotency
from gateway.idempotency import embedded
from gateway.idempotency.claim import Entry, Found, State
from gateway.idempotency.embedded import EmbeddedLedger
from gateway.idempotency.ledger import Away
from gateway.store.database import open_store, transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TERMS = Idempotency()
ENTRY = Entry("owner", "head", "body", "holder")
OTHER = replace(ENTRY, owner="other")


def files(directory: Path) -> list[Path]:
    """What stands in a directory."""
    return list(directory.iterdir())


def put_aside(store: Path) -> Path:
    """Move a store away, whole."""
    aside = store.with_name("aside.db")
    with closing(open_store(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.rename(aside)
    return aside


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store."""
    path = tmp_path / "cutover.db"
    open_store(path).close()
    return path


@pytest.fixture
async def ledger(store: Path) -> AsyncIterator[EmbeddedLedger]:
    """A ledger over the store."""
    made = EmbeddedLedger(store)
    yield made
    await made.close()


async def test_nothing_is_opened_before_the_first_claim(tmp_path: Path) -> None:
    """A gateway that serves no key needs no store for it; where none is, a claim says so and makes none."""
    ledger = EmbeddedLedger(tmp_path / "none.db")
    with pytest.raises(Away, match=r"none\.db"):
        await ledger.claim("slot", ENTRY, TERMS)
    assert files(tmp_path) == []
    await ledger.close()


async def test_a_locked_store_is_away_soon_and_comes_back(store: Path, ledger: EmbeddedLedger) -> None:
    """Another process may hold the write lock; the event loop goes on meanwhile."""
    with closing(open_store(store)) as holder, transaction(holder):
        started, ticks = time.monotonic(), 0
        claim = asyncio.create_task(ledger.claim("slot", ENTRY, TERMS))
        while not claim.done():
            await asyncio.sleep(0.01)
            ticks += 1
        with pytest.raises(Away):
            await claim
        assert time.monotonic() - started < 5
        assert ticks > 5
    assert await ledger.claim("slot", ENTRY, TERMS) is None


async def test_a_removed_store_is_away_and_takes_no_claim_that_nobody_sees(
    store: Path, ledger: EmbeddedLedger
) -> None:
    """It is away until a store is there again: then the claims stand in it."""
    assert await ledger.claim("slot", ENTRY, TERMS) is None
    aside = put_aside(store)
    for _ in range(2):
        with pytest.raises(Away):
            await ledger.claim("slot", OTHER, TERMS)
    shutil.copy(aside, store)
    assert await ledger.claim("slot", OTHER, TERMS) == Found(ENTRY)


async def test_too_many_at_once_are_turned_away(ledger: EmbeddedLedger, store: Path) -> None:
    """Those that wait for a locked store do not pile up."""
    with closing(open_store(store)) as holder, transaction(holder):
        waiting = [asyncio.create_task(ledger.claim(str(number), ENTRY, TERMS)) for number in range(300)]
        done = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in done} == {Away}
    assert sum("too many" in str(one) for one in done) == 300 - 256


async def test_expired_entries_are_removed(store: Path) -> None:
    """The table holds no more than what is still good."""
    now = [1000.0]
    ledger = EmbeddedLedger(store, lambda: now[0])
    for number in range(10):
        await ledger.claim(f"old-{number}", ENTRY, Idempotency(keep=60))
    now[0] += 3600
    await ledger.claim("new", ENTRY, TERMS)
    await ledger.close()
    with closing(open_store(store)) as connection:
        assert [row["slot"] for row in connection.execute("SELECT slot FROM idempotency")] == ["new"]


async def test_answers_beyond_the_bound_are_forgotten_but_not_that_they_were_given(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest go first; their keys stay taken."""
    monkeypatch.setattr(embedded, "BYTES", 1000)
    now = [1000.0]
    ledger = EmbeddedLedger(store, lambda: now[0])
    for number in range(20):
        now[0] += 1
        done = replace(ENTRY, state=State.DONE, answer=b"x" * 100)
        await ledger.claim(f"slot-{number}", ENTRY, TERMS)
        await ledger.put(f"slot-{number}", done, TERMS)
    sizes = []
    for number in range(20):
        found = await ledger.claim(f"slot-{number}", OTHER, TERMS)
        assert found is not None
        assert found.entry.state is State.DONE
        sizes.append(len(found.entry.answer))
    await ledger.close()
    assert 0 < sum(sizes) <= 1100
    assert sizes == sorted(sizes)


async def test_a_full_ledger_takes_no_new_key(ledger: EmbeddedLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disk is bounded as well."""
    monkeypatch.setattr(embedded, "ROWS", 3)
    for number in range(3):
        await ledger.claim(str(number), ENTRY, TERMS)
    with pytest.raises(Away, match="full"):
        await ledger.claim("4", ENTRY, TERMS)


async def test_a_clock_that_steps_back_forgets_nothing(store: Path) -> None:
    """A key claimed before the step is still claimed after it, and its lease only grows."""
    now = [10_000.0]
    ledger = EmbeddedLedger(store, lambda: now[0])
    await ledger.claim("slot", ENTRY, TERMS)
    now[0] -= 5_000
    assert await ledger.claim("slot", OTHER, TERMS) == Found(ENTRY)
    await ledger.close()
