"""One read of a route that keeps answers or joins questions (RFC 9111 §4)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from gateway.answer import Answer
from gateway.cache.directives import directives
from gateway.cache.flights import Flights
from gateway.cache.freshness import OK, kept, refreshed, storable, survives_error, unchanged, usable
from gateway.cache.key import CONDITIONS, conditional
from gateway.cache.memory import Memory
from gateway.problem import Problem, UpstreamProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.cache.freshness import Kept
    from gateway.cache.key import Key
    from gateway.core.exchange import Headers, Request
    from gateway.core.reuse import Caching

    Ask = Callable[[Request], Awaitable[Answer]]
    Join = Callable[[Headers, Callable[[], Awaitable[Answer]]], Awaitable[tuple[Answer, bool]]]

NOT_MODIFIED = 304
OWN = "cutover"
"""How this cache is called in Cache-Status."""
_ERRORS = frozenset({500, 502, 503, 504})
_ASKS_ANEW = frozenset({"no-cache", "no-store"})
_TOLD_BY_304 = frozenset(
    {"age", "cache-control", "cache-status", "content-location", "date", "etag", "expires", "last-modified", "vary"}
)
"""What a 304 tells (RFC 9110 §15.4.5); headers of this gateway's own are added like to any answer."""


class NotKept(Problem):
    """The client wants a kept answer only, and there is none (RFC 9111 §5.2.1.7)."""

    status = 504

    def __init__(self) -> None:
        super().__init__("No kept answer can serve this request", reason="only-if-cached")


@dataclass
class Reuse:
    """What a gateway keeps of answers, and which questions are in flight."""

    memory: Memory = field(default_factory=Memory)
    flights: Flights = field(default_factory=Flights)
    wall: Callable[[], float] = time.time

    def written(self, service: str, path: str, routes: tuple[str, ...]) -> None:
        """A write passed at a gateway path of a service; `routes` are globs over further routes that it touches."""
        self.flights.part(service)
        self.memory.invalidate(path, routes)

    async def joined(self, key: Key, service: str, request: Request, ask: Ask) -> Answer:
        """The answer of a route that only joins questions; who asks for nothing kept asks for himself."""
        if conditional(request) or not _ASKS_ANEW.isdisjoint(directives(request.headers)):
            return await ask(request)
        answer, shared = await self.flights.joined(key, service, request.headers, lambda: ask(request))
        return _told(answer, "fwd=request; collapsed") if shared else answer

    async def kept(
        self, caching: Caching, key: Key, path: str, request: Request, ask: Ask, *, coalesce: str = ""
    ) -> Answer:
        """The kept answer, or the service's, which is kept where it may be. `path` is the gateway's.

        `coalesce` names the service where its answer may also be one that somebody else is waiting for.

        Raises:
            NotKept: the client wants no other.
            Problem: the service gave no answer, and none that is kept may stand in.
        """
        look = _Look(self, caching, key, path, request, ask)
        return await look.answer(partial(self.flights.joined, key, coalesce) if coalesce else None)


class _Look:
    """One request that an entry may serve; times are the monotonic clock's."""

    def __init__(self, reuse: Reuse, caching: Caching, key: Key, path: str, request: Request, ask: Ask) -> None:
        self._memory, self._wall = reuse.memory, reuse.wall
        self._fresh, self._key, self._path = caching.fresh, key, path
        self._request, self._ask = request, ask
        self._asked: Mapping[str, str] = directives(request.headers)
        self._now = asyncio.get_running_loop().time

    async def answer(self, join: Join | None) -> Answer:
        """See `Reuse.kept`."""
        if "no-store" in self._asked:
            return _told(await self._ask(self._request), "fwd=request")
        found = self._memory.get(self._key)
        entry = found if found is not None and found.fits(self._request.headers) else None
        if entry is not None and usable(entry, self._asked, self._now()):
            return self._conditioned(self._from(entry, f"hit; ttl={entry.left(self._now()):.0f}"))
        if "only-if-cached" in self._asked:
            raise NotKept
        why = "uri-miss" if found is None else "vary-miss" if entry is None else "stale"
        if entry is not None and "no-cache" in self._asked:
            why = "request"
        return self._conditioned(await self._rescued(entry, why, join))

    async def _rescued(self, entry: Kept | None, why: str, join: Join | None) -> Answer:
        """What the service says; a stale entry instead where it fails and the entry allows that."""
        try:
            answer = await self._joined(entry, why, join)
        except UpstreamProblem:
            if entry is None or not survives_error(entry, self._now()):
                raise
            return self._from(entry, f"hit; fwd={why}; detail=stale-if-error")
        if answer.status not in _ERRORS or entry is None or not survives_error(entry, self._now()):
            return answer
        if not isinstance(answer.body, bytes):
            answer.body.close()
        return self._from(entry, f"hit; fwd={why}; fwd-status={answer.status}; detail=stale-if-error")

    async def _joined(self, entry: Kept | None, why: str, join: Join | None) -> Answer:
        if join is None or entry is not None or "no-cache" in self._asked:
            return await self._filled(entry, why)
        answer, shared = await join(self._request.headers, lambda: self._filled(None, why))
        return _told(answer, f"fwd={why}; collapsed") if shared else answer

    async def _filled(self, entry: Kept | None, why: str) -> Answer:
        fill = self._memory.begin(self._key, self._path)
        # Taken before the question: the time an answer takes to come is part of its age (§4.2.3).
        now, wall = self._now(), self._wall()
        try:
            answer = await self._ask(self._question(entry))
            new = self._new(entry, answer, now, wall)
            stored = new is not None and self._memory.put(fill, new)
        finally:
            self._memory.drop(fill)
        if not stored and answer.status not in _ERRORS:
            self._memory.forget(self._key)
        if answer.status == NOT_MODIFIED and entry is not None:
            return self._from(new or entry, f"fwd={why}; fwd-status=304")
        return _told(answer, f"fwd={why}; stored" if stored else f"fwd={why}")

    def _new(self, entry: Kept | None, answer: Answer, now: float, wall: float) -> Kept | None:
        request = self._request.headers
        if answer.status == NOT_MODIFIED and entry is not None:
            return refreshed(entry, answer.headers, request, default=self._fresh, now=now, wall=wall)
        if not isinstance(answer.body, bytes) or not storable(answer.status, answer.headers):
            return None
        return kept(answer.headers, answer.body, request, default=self._fresh, now=now, wall=wall)

    def _question(self, entry: Kept | None) -> Request:
        # The client's own conditions are judged here: an answer of 304 to them could not be kept.
        plain = tuple(pair for pair in self._request.headers if pair[0].lower() not in CONDITIONS)
        return replace(self._request, headers=(*plain, *(entry.conditions if entry is not None else ())))

    def _from(self, entry: Kept, how: str) -> Answer:
        headers = tuple(pair for pair in entry.headers if pair[0].lower() != "age")
        aged = (*headers, ("age", f"{entry.aged(self._now()):.0f}"))
        return _told(Answer(OK, aged, entry.body), how)

    def _conditioned(self, answer: Answer) -> Answer:
        if answer.status != OK or not unchanged(answer.headers, self._request.headers):
            return answer
        if not isinstance(answer.body, bytes):
            answer.body.close()
        return Answer(NOT_MODIFIED, tuple(pair for pair in answer.headers if pair[0].lower() in _TOLD_BY_304))


def _told(answer: Answer, how: str) -> Answer:
    """The answer with what became of the request here (RFC 9211)."""
    others = tuple(pair for pair in answer.headers if pair[0].lower() != "cache-status")
    theirs = tuple(pair for pair in answer.headers if pair[0].lower() == "cache-status" and OWN not in pair[1])
    return replace(answer, headers=(*others, *theirs, ("cache-status", f"{OWN}; {how}")))


def reused(answer: Answer) -> str:
    """How an answer came to be, for the metrics: hit, collapsed, or why it was forwarded; empty if nobody looked."""
    name, told = answer.headers[-1] if answer.headers else ("", "")
    if name != "cache-status":
        return ""
    return "collapsed" if told.endswith("collapsed") else told.split("; ")[1].removeprefix("fwd=")
