"""The claims of one process: taken, kept alive, and ended, also when the ledger is away at the time."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.idempotency.claim import Entry, State, Verdict, judge, kept
from gateway.idempotency.ledger import Away

if TYPE_CHECKING:
    from gateway.core.idempotency import Idempotency
    from gateway.idempotency.claim import Asked, Found
    from gateway.idempotency.keys import Kept, Keys
    from gateway.idempotency.ledger import Ledger

OWED = 1024
"""Ends of claims that wait for the ledger to come back; beyond them the oldest are given up."""
_AGAIN = 0.5
_LAST = 1.0
_UNASKED = 1.0
_log = logging.getLogger("cutover.idempotency")


@dataclass
class Claim:
    """A key that this process holds, as the ledger is to know it; `beat` is when it was last told."""

    slot: str
    entry: Entry
    terms: Idempotency
    beat: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request met: the claim with CLAIMED, else what stands there and, where it may be known, its answer."""

    verdict: Verdict
    claim: Claim | None = None
    found: Found | None = None
    answer: Kept | None = None


class Claims:
    """Belongs to one event loop; holds claims while their requests are in flight."""

    def __init__(self, ledger: Ledger, keys: Keys) -> None:
        self.keys = keys
        self._ledger = ledger
        self._flying: dict[str, Claim] = {}
        self._owed: OrderedDict[str, tuple[Claim, bool]] = OrderedDict()
        self._tending: asyncio.Task[None] | None = None
        self._closed = False
        self._away_until = 0.0

    async def claim(self, asked: Asked, terms: Idempotency, *, regardless: bool = False) -> Outcome:
        """Claim the key of a request, or say what stands there.

        With `regardless` the request goes on while the ledger is away (verdict AWAY, with a claim): it is entered as
        soon as the ledger is back, unless somebody else has the key by then. One request in a second finds that out,
        the others do not wait for it.

        Raises:
            Away: the ledger cannot be asked. Nothing is claimed.
        """
        entry = Entry(secrets.token_hex(8), asked.head, asked.body, asked.holder)
        claim = Claim(asked.slot, entry, terms)
        if regardless and asyncio.get_running_loop().time() < self._away_until:
            self._keep(claim)
            return Outcome(Verdict.AWAY, claim)
        try:
            found = await self._ledger.claim(claim.slot, entry, terms)
        except BaseException as error:
            if regardless and isinstance(error, Away):
                self._away_until = asyncio.get_running_loop().time() + _UNASKED
                self._keep(claim)
                return Outcome(Verdict.AWAY, claim)
            # It may have been claimed and only the answer lost: then nobody would ever end it.
            self._owe(claim, drop=True)
            raise
        if found is None:
            self._keep(claim)
            return Outcome(Verdict.CLAIMED, claim)
        return self.met(found, asked)

    async def seen(self, asked: Asked) -> Outcome | None:
        """What stands where this request would claim its key, None when nothing does; nothing is claimed.

        Raises:
            Away: the ledger cannot be asked.
        """
        found = await self._ledger.find(asked.slot)
        return None if found is None else self.met(found, asked)

    def met(self, found: Found, asked: Asked) -> Outcome:
        """What a request meets in an entry; an answer that was not kept, or cannot be opened, is no answer."""
        verdict = judge(found, asked)
        if verdict is not Verdict.REPLAYED:
            return Outcome(verdict, found=found)
        answer = self.keys.open(asked.slot, found.entry.answer)
        if answer is None or answer.body is None:
            verdict = Verdict.WITHHELD
        return Outcome(verdict, found=found, answer=answer)

    async def answered(self, claim: Claim, answer: Kept, body: str = "") -> None:
        """The request has its answer: keep it, or free the key when the answer is not final.

        `body` is the digest of a request body that streamed.
        """
        if not kept(answer.status):
            await self.release(claim)
            return
        sealed = self.keys.seal(claim.slot, answer)
        await self._end(claim, replace(claim.entry, state=State.DONE, body=body or claim.entry.body, answer=sealed))

    async def lost(self, claim: Claim) -> None:
        """The request went out and nobody knows what became of it."""
        await self._end(claim, replace(claim.entry, state=State.UNKNOWN))

    async def release(self, claim: Claim) -> None:
        """The request never reached the service, or was turned away: the key is free again."""
        self._flying.pop(claim.entry.owner, None)
        try:
            await self._ledger.drop(claim.slot, claim.entry.owner)
        except Away:
            self._owe(claim, drop=True)

    async def close(self) -> None:
        """Pay what is owed if the ledger takes it at once; claims in flight lapse."""
        self._closed = True
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        try:
            async with asyncio.timeout(_LAST):
                await self._pay()
        except (TimeoutError, Away):
            _log.warning("%d ends of idempotent requests were not written down", len(self._owed))
        await self._ledger.close()

    async def _end(self, claim: Claim, entry: Entry) -> None:
        self._flying.pop(claim.entry.owner, None)
        claim.entry = entry
        try:
            if not await self._ledger.put(claim.slot, entry, claim.terms):
                _log.warning("another attempt has the key of an idempotent request that ended here")
        except Away:
            self._owe(claim, drop=False)

    def _keep(self, claim: Claim) -> None:
        claim.beat = asyncio.get_running_loop().time()
        self._flying[claim.entry.owner] = claim
        self._tend()

    def _owe(self, claim: Claim, *, drop: bool) -> None:
        self._owed[claim.entry.owner] = (claim, drop)
        if len(self._owed) > OWED:
            self._owed.popitem(last=False)
        self._tend()

    def _tend(self) -> None:
        if not self._closed and (self._tending is None or self._tending.done()):
            self._tending = asyncio.get_running_loop().create_task(self._tend_all())

    async def _tend_all(self) -> None:
        while self._flying or self._owed:
            soonest = min((claim.terms.lease / 3 for claim in self._flying.values()), default=_AGAIN)
            await asyncio.sleep(min(soonest, _AGAIN))
            try:
                await self._pay()
                await self._beat()
            except Away:
                continue

    async def _pay(self) -> None:
        while self._owed:
            owner, (claim, drop) = next(iter(self._owed.items()))
            if drop:
                await self._ledger.drop(claim.slot, owner)
            else:
                await self._ledger.put(claim.slot, claim.entry, claim.terms)
            if self._owed.get(owner) == (claim, drop):
                del self._owed[owner]

    async def _beat(self) -> None:
        now = asyncio.get_running_loop().time()
        for claim in list(self._flying.values()):
            if now - claim.beat >= claim.terms.lease / 3 and claim.entry.owner in self._flying:
                claim.beat = now
                # An entry that a restarted Redis lost is entered anew.
                await self._ledger.put(claim.slot, claim.entry, claim.terms)
