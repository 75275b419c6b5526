"""Asking the platform whether an API key holds; its answers are kept briefly, and no key is held."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.ask import ask
from gateway.authenticate.bearer import invalid
from gateway.authenticate.remembered import Remembered
from gateway.caller import Caller
from gateway.core.exchange import header
from gateway.core.routes import Timeouts
from gateway.core.subject import fingerprint
from gateway.problem import Unavailable
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ask import Reply
    from gateway.core.credentials import ApiKeys, Introspect
    from gateway.core.routes import Service
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

MOST_KEYS = 16_384
MOST_AT_ONCE = 32
"""Questions under way; a flood of keys must not become a flood of questions."""
PATIENCE = 2.0
PAUSE = 1.0
"""Seconds for which a question without an answer is not asked again."""
_LONGEST_PAUSE = 60
_TIMEOUTS = Timeouts(connect=1.0, first_byte=PATIENCE, idle=PATIENCE)
_OK, _REFUSED, _LIMITED = 200, 401, 429


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the platform said of a key: its holder, or in how many seconds to ask again; neither is a refusal."""

    caller: Caller | None = None
    pause: float = 0.0


class Introspection:
    """The questions of one gateway. Keys that hold are remembered apart, so that guesses push none of them out."""

    def __init__(self, settings: Settings, pool: Pool, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._pool, self._monotonic = settings, pool, monotonic
        self._good: Remembered[Caller] = Remembered(MOST_KEYS, monotonic, monotonic)
        self._other: Remembered[Verdict] = Remembered(MOST_KEYS, monotonic, monotonic)
        self._flights: dict[tuple[bytes, int], asyncio.Task[Verdict]] = {}
        self._asked_as: tuple[ApiKeys, str] | None = None

    def digest(self, keys: ApiKeys, service: Service, value: str) -> bytes:
        """What a credential is remembered by; another question makes everything forgotten."""
        asked_as = self._asked_as
        if asked_as is None or asked_as[0] is not keys or asked_as[1] != service.internal:
            if asked_as != (keys, service.internal):
                self._good.clear()
                self._other.clear()
            self._asked_as = (keys, service.internal)
        return self._good.digest(value)

    def known(self, digest: bytes) -> Caller | None:
        """The holder of a key that held lately."""
        return self._good.get(digest)

    async def holder(
        self, keys: ApiKeys, service: Service, credential: str, digest: bytes, *, wait: bool = True
    ) -> Caller:
        """The holder of a key as the platform knows it; one question at a time is asked about one key.

        Raises:
            Unauthenticated: the platform refuses the key.
            Unavailable: it cannot be asked now, or with `wait` false it was not asked lately.
        """
        verdict = self._other.get(digest)
        if verdict is None:
            verdict = await self._asked(keys, service, credential, digest, wait=wait)
        if verdict.caller is not None:
            return verdict.caller
        if verdict.pause:
            raise _unavailable(verdict.pause, "introspection-away")
        raise invalid("The API key is not valid", "refused")

    def close(self) -> None:
        """Give up the questions that are under way."""
        for flight in self._flights.values():
            flight.cancel()

    async def _asked(self, keys: ApiKeys, service: Service, credential: str, digest: bytes, *, wait: bool) -> Verdict:
        key = (digest, self._good.generation)
        flight = self._flights.get(key)
        if flight is None:
            if len(self._flights) >= MOST_AT_ONCE:
                return Verdict(pause=PAUSE)
            flight = asyncio.get_running_loop().create_task(self._ask(keys, service, credential, digest))
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key))
        if not wait:
            raise _unavailable(PAUSE, "unchecked")
        return await asyncio.shield(flight)

    async def _ask(self, keys: ApiKeys, service: Service, credential: str, digest: bytes) -> Verdict:
        assert keys.introspect is not None  # noqa: S101 - or nobody would ask
        good, other, now = self._good.generation, self._other.generation, self._monotonic()
        name = fingerprint(self._settings.fingerprint_key, credential)
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await self._reply(keys.introspect, service, credential, name)
        except (TransportError, TimeoutError):
            verdict = Verdict(pause=PAUSE)
        else:
            verdict = judged(reply, name, keys.introspect.organisation)
        if verdict.caller is not None:
            # Counted from the question: whatever happened after it, the answer does not know.
            self._good.put(digest, verdict.caller, keys.keep, now=now, generation=good)
        else:
            seconds, now = verdict.pause or keys.keep_refused, self._monotonic()
            self._other.put(digest, verdict, seconds, now=now, generation=other)
        return verdict

    async def _reply(self, introspect: Introspect, service: Service, credential: str, name: str) -> Reply:
        told = [("Accept", "application/json"), ("Authorization", f"Bearer {credential}")]
        # The platform counts calls by this header, else by address: then all keys would share one allowance.
        told.append(("X-User-ID", name))
        if service.internal_key:
            told.append(("X-Internal-API-Key", self._settings.internal_key))
        if introspect.method == "POST":
            told.append(("Content-Length", "0"))
        return await ask(
            self._pool, service.internal, introspect.target, tuple(told), method=introspect.method, timeouts=_TIMEOUTS
        )


def judged(reply: Reply, name: str, organisation: str) -> Verdict:
    """What an answer says of the key. Pure.

    A JSON object holds unless its `active` (RFC 7662) or `valid` is not true; 401 refuses; everything else, 403 and
    500 for the gateway's own key among it, says nothing of the client's.
    """
    if reply.status == _REFUSED:
        return Verdict()
    document = _object(reply.body) if reply.status == _OK else None
    if document is None:
        return Verdict(pause=_pause(reply) if reply.status == _LIMITED else PAUSE)
    if document.get("active", True) is not True or document.get("valid", True) is not True:
        return Verdict()
    found = document.get(organisation)
    plain = isinstance(found, str) and found.isascii() and found.isprintable()
    return Verdict(Caller("api-key", name, found if isinstance(found, str) and plain else "", checked=True))


def _pause(reply: Reply) -> float:
    text = header(reply.headers, "retry-after") or ""
    return float(min(max(int(text), 1), _LONGEST_PAUSE)) if text.isascii() and text.isdecimal() else PAUSE


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unavailable(pause: float, reason: str) -> Unavailable:
    return Unavailable(
        "Whether the API key holds cannot be found out now",
        reason=reason,
        headers=(("retry-after", str(max(1, round(pause)))),),
    )
