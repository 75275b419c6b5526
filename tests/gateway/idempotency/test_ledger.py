"""One suite over both ledgers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.idempotency import Idempotency
from gateway.idempotency.claim import Entry, Found, State
from tests.apps.ledgers import KINDS, Ledgers, ledgers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TERMS = Idempotency()
FIRST = Entry("owner-1", "head", "body", "holder")
OTHER = Entry("owner-2", "head", "body", "holder")


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledgers]:
    """A place of entries of either kind."""
    async with ledgers(request.param, tmp_path) as made:
        yield made


async def test_a_slot_is_claimed_once(place: Ledgers) -> None:
    """The second claim, of another process, gets what the first entered."""
    assert await place.open().claim("slot", FIRST, TERMS) is None
    assert await place.open().claim("slot", OTHER, TERMS) == Found(FIRST)
    assert await place.open().claim("other", OTHER, TERMS) is None


async def test_a_look_claims_nothing(place: Ledgers) -> None:
    """A free slot stays free; a taken one is shown as it is, to whoever asks."""
    ledger = place.open()
    assert await ledger.find("slot") is None
    assert await ledger.claim("slot", FIRST, TERMS) is None
    assert await place.open().find("slot") == Found(FIRST)
    assert await place.open().find("other") is None
    assert await ledger.put("slot", replace(FIRST, state=State.DONE), TERMS)
    assert await place.open().find("slot") == Found(replace(FIRST, state=State.DONE))


async def test_of_many_claims_at_once_one_wins(place: Ledgers) -> None:
    """Eight processes with four attempts each: one of them has the slot, the rest are told who."""
    processes = [place.open() for _ in range(8)]
    entries = [replace(FIRST, owner=f"owner-{number}") for number in range(32)]
    claims = [processes[number % 8].claim("slot", entry, TERMS) for number, entry in enumerate(entries)]
    found = await asyncio.gather(*claims)
    winners = [entry for entry, other in zip(entries, found, strict=True) if other is None]
    assert len(winners) == 1
    assert {other.entry for other in found if other is not None} == {winners[0]}


async def test_only_the_owner_may_write_its_entry(place: Ledgers) -> None:
    """Another is refused, and nothing changes."""
    ledger = place.open()
    await ledger.claim("slot", FIRST, TERMS)
    assert not await ledger.put("slot", OTHER, TERMS)
    assert await ledger.put("slot", replace(FIRST, state=State.DONE, answer=b"\0sealed\xff"), TERMS)
    found = await place.open().claim("slot", OTHER, TERMS)
    assert found == Found(replace(FIRST, state=State.DONE, answer=b"\0sealed\xff"))


async def test_an_entry_that_got_lost_is_written_anew(place: Ledgers) -> None:
    """Its owner's next sign of life enters it again."""
    assert await place.open().put("slot", FIRST, TERMS)
    assert await place.open().claim("slot", OTHER, TERMS) == Found(FIRST)


async def test_only_the_owner_may_drop_its_entry(place: Ledgers) -> None:
    """Then the slot is free again."""
    ledger = place.open()
    await ledger.claim("slot", FIRST, TERMS)
    await ledger.drop("slot", OTHER.owner)
    assert await ledger.claim("slot", OTHER, TERMS) == Found(FIRST)
    await ledger.drop("slot", FIRST.owner)
    assert await ledger.claim("slot", OTHER, TERMS) is None


async def test_silence_lapses_a_claim_and_a_sign_of_life_renews_it(place: Ledgers) -> None:
    """A claim stays after its lease, and says that it lapsed."""
    ledger = place.open()
    await ledger.claim("slot", FIRST, Idempotency(lease=0.05))
    deadline = asyncio.get_running_loop().time() + 5
    while (found := await ledger.claim("slot", OTHER, TERMS)) == Found(FIRST):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    assert found == Found(FIRST, lapsed=True)
    await ledger.put("slot", FIRST, TERMS)
    assert await ledger.claim("slot", OTHER, TERMS) == Found(FIRST)


async def test_an_entry_is_forgotten_at_the_end_of_its_time(place: Ledgers) -> None:
    """Then the key is new."""
    ledger = place.open()
    await ledger.claim("slot", FIRST, Idempotency(keep=0.05))
    deadline = asyncio.get_running_loop().time() + 5
    while await ledger.claim("slot", OTHER, TERMS) is not None:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    assert await ledger.claim("slot", FIRST, TERMS) == Found(OTHER)


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
async def test_answers_of_any_bytes_come_back(place: Ledgers, size: int) -> None:
    """Sealed answers are binary and up to a mebibyte."""
    answer = bytes(number % 256 for number in range(size))
    await place.open().put("slot", replace(FIRST, state=State.DONE, answer=answer), TERMS)
    found = await place.open().claim("slot", OTHER, TERMS)
    assert found is not None
    assert found.entry.answer == answer
