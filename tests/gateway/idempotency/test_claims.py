"""Claims over both ledgers, and over one that a test takes away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.idempotency import Idempotency
from gateway.idempotency.claim import Asked, Entry, State, Verdict
from gateway.idempotency.claims import OWED, Claims
from gateway.idempotency.keys import Kept
from gateway.idempotency.ledger import Away
from tests.apps.ledgers import KEYS, KINDS, Fickle, Ledgers, ledgers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

TERMS = Idempotency()
ASKED = Asked("slot", "head", "body", "holder", verified=True)
ANSWER = Kept(201, (("content-type", "text/plain"),), b"done")


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledgers]:
    """A place of entries of either kind."""
    async with ledgers(request.param, tmp_path) as made:
        yield made


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in the background."""
    deadline = asyncio.get_running_loop().time() + 10
    while not true():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_the_first_request_claims_and_the_next_waits(place: Ledgers) -> None:
    """Also in another process."""
    one, other = place.claims(), place.claims()
    first = await one.claim(ASKED, TERMS)
    assert (first.verdict, first.claim is not None) == (Verdict.CLAIMED, True)
    assert (await other.claim(ASKED, TERMS)).verdict is Verdict.IN_FLIGHT
    assert (await other.claim(replace(ASKED, head="other"), TERMS)).verdict is Verdict.MISMATCH


async def test_an_answer_is_given_again_in_every_process(place: Ledgers) -> None:
    """Status, headers and body."""
    one, other = place.claims(), place.claims()
    claim = (await one.claim(ASKED, TERMS)).claim
    assert claim is not None
    await one.answered(claim, ANSWER)
    again = await other.claim(ASKED, TERMS)
    assert (again.verdict, again.answer) == (Verdict.REPLAYED, ANSWER)


async def test_an_answer_is_given_to_the_credential_that_got_it_or_to_a_proved_user(place: Ledgers) -> None:
    """To others neither the body nor the status is told."""
    claims = place.claims()
    claim = (await claims.claim(replace(ASKED, verified=False), TERMS)).claim
    assert claim is not None
    await claims.answered(claim, ANSWER)
    other = await claims.claim(replace(ASKED, verified=False, holder="other"), TERMS)
    assert (other.verdict, other.answer) == (Verdict.WITHHELD, None)
    assert (await claims.claim(replace(ASKED, verified=False), TERMS)).answer == ANSWER
    assert (await claims.claim(replace(ASKED, holder="other"), TERMS)).answer == ANSWER


async def test_an_answer_without_its_body_is_told_by_its_status(place: Ledgers) -> None:
    """It was too long, or broke off: the key stays taken."""
    claims = place.claims()
    claim = (await claims.claim(ASKED, TERMS)).claim
    assert claim is not None
    await claims.answered(claim, replace(ANSWER, body=None))
    again = await claims.claim(ASKED, TERMS)
    assert (again.verdict, again.answer) == (Verdict.WITHHELD, replace(ANSWER, body=None))


async def test_an_answer_that_is_not_final_frees_the_key(place: Ledgers) -> None:
    """The same request may come again."""
    claims = place.claims()
    for status in (401, 403, 408, 425, 429, 307, 308):
        asked = replace(ASKED, slot=str(status))
        claim = (await claims.claim(asked, TERMS)).claim
        assert claim is not None
        await claims.answered(claim, replace(ANSWER, status=status))
        assert (await claims.claim(asked, TERMS)).verdict is Verdict.CLAIMED


async def test_a_request_that_never_went_out_frees_its_key_and_a_lost_one_does_not(place: Ledgers) -> None:
    """Nobody knows what became of the lost one."""
    claims = place.claims()
    claim = (await claims.claim(ASKED, TERMS)).claim
    assert claim is not None
    await claims.release(claim)
    claim = (await claims.claim(ASKED, TERMS)).claim
    assert claim is not None
    await claims.lost(claim)
    assert (await claims.claim(ASKED, TERMS)).verdict is Verdict.UNKNOWN


async def test_a_streamed_body_is_compared_when_it_is_known(place: Ledgers) -> None:
    """The first request's digest arrives with its answer; a later one is read before it is judged."""
    claims = place.claims()
    coming = replace(ASKED, body="")
    claim = (await claims.claim(coming, TERMS)).claim
    assert claim is not None
    assert (await claims.claim(coming, TERMS)).verdict is Verdict.IN_FLIGHT
    await claims.answered(claim, ANSWER, "digest")
    met = await claims.claim(coming, TERMS)
    assert met.verdict is Verdict.COMPARE
    assert met.found is not None
    assert claims.met(met.found, replace(ASKED, body="digest")).answer == ANSWER
    assert claims.met(met.found, replace(ASKED, body="other")).verdict is Verdict.MISMATCH


async def test_a_claim_lives_as_long_as_its_request(place: Ledgers) -> None:
    """Its process gives signs of life; without them the outcome is unknown."""
    one, other = place.claims(), place.claims()
    await one.claim(ASKED, Idempotency(lease=0.3))
    end = asyncio.get_running_loop().time() + 1.0
    while asyncio.get_running_loop().time() < end:
        assert (await other.claim(ASKED, TERMS)).verdict is Verdict.IN_FLIGHT
        await asyncio.sleep(0.05)
    await one.close()
    end = asyncio.get_running_loop().time() + 5
    while (met := await place.claims().claim(ASKED, TERMS)).verdict is Verdict.IN_FLIGHT:
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.05)
    assert met.verdict is Verdict.UNKNOWN


async def test_an_answer_sealed_with_another_key_is_no_answer() -> None:
    """It was given, and cannot be read."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    ledger.entries["slot"] = Entry("owner", "head", "body", "holder", State.DONE, b"x" * 40)
    met = await claims.claim(ASKED, TERMS)
    assert (met.verdict, met.answer) == (Verdict.WITHHELD, None)


async def test_while_the_ledger_is_away_nothing_is_claimed() -> None:
    """Unless the caller goes on regardless."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    ledger.away = True
    with pytest.raises(Away):
        await claims.claim(ASKED, TERMS)
    outcome = await claims.claim(ASKED, TERMS, regardless=True)
    assert (outcome.verdict, outcome.claim is not None) == (Verdict.AWAY, True)
    await claims.close()


async def test_a_ledger_that_is_away_is_asked_once_in_a_while() -> None:
    """Legacy serves at once; only one request waits to find out."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    ledger.away = True
    for number in range(5):
        await claims.claim(replace(ASKED, slot=str(number)), TERMS, regardless=True)
    assert ledger.claims == 1
    with pytest.raises(Away):
        await claims.claim(ASKED, TERMS)
    assert ledger.claims == 2
    await claims.close()


async def test_a_claim_whose_answer_got_lost_is_given_back() -> None:
    """It was entered, nobody was told: it would stand in the way for a day."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    ledger.late = True
    with pytest.raises(Away):
        await claims.claim(ASKED, TERMS)
    assert ledger.entries
    ledger.late = False
    await until(lambda: not ledger.entries)
    await claims.close()


async def test_whoever_goes_on_regardless_is_entered_when_the_ledger_is_back() -> None:
    """First as in flight, then with the answer."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    ledger.away = True
    claim = (await claims.claim(ASKED, Idempotency(lease=0.06), regardless=True)).claim
    assert claim is not None
    ledger.away = False
    await until(lambda: "slot" in ledger.entries)
    assert ledger.entries["slot"].state is State.FLIGHT
    await claims.answered(claim, ANSWER)
    assert (await claims.claim(ASKED, TERMS)).answer == ANSWER


async def test_ends_that_the_ledger_did_not_take_are_told_again() -> None:
    """An answer, a lost request and a free key, each once the ledger is back."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    flying = [(await claims.claim(replace(ASKED, slot=slot), TERMS)).claim for slot in ("a", "b", "c")]
    answered, lost, freed = flying
    assert answered
    assert lost
    assert freed
    ledger.away = True
    await claims.answered(answered, ANSWER)
    await claims.lost(lost)
    await claims.release(freed)
    assert {entry.state for entry in ledger.entries.values()} == {State.FLIGHT}
    ledger.away = False
    await until(lambda: "c" not in ledger.entries)
    assert (ledger.entries["a"].state, ledger.entries["b"].state) == (State.DONE, State.UNKNOWN)


async def test_an_end_comes_too_late_where_another_has_the_key() -> None:
    """What the other entered stays."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    claim = (await claims.claim(ASKED, TERMS)).claim
    assert claim is not None
    other = Entry("other", "head", "body", "holder")
    ledger.entries["slot"] = other
    await claims.answered(claim, ANSWER)
    await claims.release(claim)
    assert ledger.entries["slot"] is other


async def test_what_is_owed_is_bounded() -> None:
    """A ledger that stays away does not fill the memory."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    ledger.away = True
    for number in range(OWED + 10):
        with pytest.raises(Away):
            await claims.claim(replace(ASKED, slot=str(number)), TERMS)
    assert len(claims._owed) == OWED
    await claims.close()


async def test_closing_pays_what_is_owed() -> None:
    """When the ledger is back by then; it is closed in any case."""
    for away in (False, True):
        ledger = Fickle()
        claims = Claims(ledger, KEYS)
        claim = (await claims.claim(ASKED, TERMS)).claim
        assert claim is not None
        ledger.away = True
        await claims.answered(claim, ANSWER)
        ledger.away = away
        await claims.close()
        assert ledger.closed
        assert ledger.entries["slot"].state is (State.FLIGHT if away else State.DONE)


async def test_nothing_runs_while_nothing_is_in_flight() -> None:
    """No timer ticks for a gateway without keys."""
    ledger = Fickle()
    claims = Claims(ledger, KEYS)
    claim = (await claims.claim(ASKED, Idempotency(lease=0.03))).claim
    assert claim is not None
    await claims.answered(claim, ANSWER)
    await until(lambda: claims._tending is not None and claims._tending.done())
    told = ledger.puts
    await asyncio.sleep(0.05)
    assert ledger.puts == told
