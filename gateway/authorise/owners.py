"""Whose something is, asked of the service that knows: remembered for a while, asked one at a time."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gateway.authorise.question import NoAnswerError, everything, headers
from gateway.authorise.remembered import Remembered
from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_legacy
from gateway.core.routes import Authorization, Where
from gateway.guard import check_crossing
from gateway.problem import Forbidden, Problem, Unavailable
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ask import Reply
    from gateway.caller import Caller
    from gateway.core.routes import Lookup, Route
    from gateway.core.table import RouteTable
    from gateway.metrics import Metrics
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

KEEP = 30.0
"""Seconds for which an owner is believed: a resource changes hands by being deleted, and then its service says so."""
KEEP_ABSENT = 2.0
"""Seconds for which something is believed not to be there."""
OWNERS, LISTS = 20_000, 500
"""Owners, and organisations' own lists, that are remembered."""
AT_ONCE = 64
"""Questions at a time; more are refused, so that made-up ids cannot flood a service."""
_AGAIN = (("retry-after", "1"),)
_OK, _GONE, _REFUSED = 200, frozenset({404, 410}), frozenset({401, 403})

type Found = frozenset[str]
"""Owners of one thing, or ids of one organisation; empty when there is none."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one lookup asks about one value for one caller; `key` is shared by all who would get the same answer."""

    lookup: Lookup
    value: str
    caller: Caller
    credential: str

    @property
    def key(self) -> tuple[str, ...]:
        """The looked-up route, what is read there, and whose answer it is."""
        lookup = self.lookup
        if not lookup.member:
            return (lookup.route, ".".join(lookup.path), self.value)
        whose = (lookup.route, ".".join(lookup.path), self.caller.organisation)
        # A service that is handed the token may show each person another part of what the organisation has.
        return (*whose, self.caller.subject, *self.caller.roles) if self.credential else whose

    def own(self, found: Found) -> bool:
        """Whether the answer says that the value is the caller's organisation's own."""
        if self.lookup.member:
            return self.value in found
        return found == {self.caller.organisation}

    def keep(self, found: Found) -> float:
        """For how many seconds this answer is believed."""
        return KEEP if self.own(found) or (found and not self.lookup.member) else KEEP_ABSENT


class Owners:
    """Answers about owners; marked copies have an instance of their own."""

    def __init__(
        self, settings: Settings, pool: Pool, metrics: Metrics | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._pool, self._metrics = settings, pool, metrics
        self._owners: Remembered[tuple[str, ...], Found] = Remembered(OWNERS, clock)
        self._lists: Remembered[tuple[str, ...], Found] = Remembered(LISTS, clock)
        self._asking: dict[tuple[str, ...], asyncio.Task[Found]] = {}
        self._running: set[asyncio.Task[Found]] = set()
        self._known: tuple[RouteTable, tuple[Lookup, ...]] | None = None

    async def found(self, table: RouteTable, question: Question) -> Found:
        """What is known of the owner, at most `KEEP` seconds old, or `KEEP_ABSENT` where it says no.

        Raises:
            Unavailable: the service that knows does not say.
            Forbidden: it does not tell this caller.
        """
        known = self._fresh(question)
        if known is not None:
            return known
        # Who leaves takes the question from nobody else who waits for its answer.
        return await asyncio.shield(self._asked(table, question))

    def remembered(self, table: RouteTable, question: Question) -> Found | None:
        """What is known already; None where it is not, and then it is asked for whoever comes next."""
        known = self._fresh(question)
        if known is None:
            with suppress(Unavailable):
                self._asked(table, question)
        return known

    def _fresh(self, question: Question) -> Found | None:
        known = self._memory(question).get(question.key)
        if known is None or known[0] >= question.keep(known[1]):
            return None
        self._note(question, "remembered")
        return known[1]

    def _asked(self, table: RouteTable, question: Question) -> asyncio.Task[Found]:
        key = question.key
        task = self._asking.get(key)
        if task is None:
            if len(self._running) >= AT_ONCE:
                self._note(question, "busy")
                raise Unavailable("Too much is being looked up", reason="scope-busy", headers=_AGAIN)
            task = self._asking[key] = asyncio.create_task(self._ask(table, question))
            self._running.add(task)
            task.add_done_callback(lambda done: self._done(key, done))
        return task

    def forget(self, table: RouteTable, caller: Caller, credential: str, ids: tuple[str, ...]) -> None:
        """A write of this caller went through: what it may have made, changed or deleted is asked for again."""
        if self._known is None or self._known[0] is not table:
            self._known = table, tuple({lookup for route in table.routes for lookup in route.lookups})
        for lookup in self._known[1]:
            for value in ids or ("",):
                question = Question(lookup, value, caller, credential if _forwards(table, lookup) else "")
                self._memory(question).drop(question.key)
                # What is being answered may be from before the write: nobody joins it, and it is not kept.
                self._asking.pop(question.key, None)

    def close(self) -> None:
        """Ask no more."""
        for task in self._running:
            task.cancel()

    def _memory(self, question: Question) -> Remembered[tuple[str, ...], Found]:
        return self._lists if question.lookup.member else self._owners

    def _done(self, key: tuple[str, ...], task: asyncio.Task[Found]) -> None:
        self._running.discard(task)
        if self._asking.get(key) is task:
            del self._asking[key]
        if not task.cancelled():
            # Looked at, so that an error nobody waited for is not reported as forgotten.
            task.exception()

    async def _ask(self, table: RouteTable, question: Question) -> Found:
        service = table.services[_route(table, question.lookup).service]
        told = headers(self._settings, service, "owner", question.credential)
        try:
            target = target_of(table, question)
            read = _reader(question.lookup)
            found = frozenset(
                await everything(self._pool, service, target, told, page=question.lookup.page, read=read)
            )
        except _GoneError:
            found = frozenset()
        except (TransportError, NoAnswerError) as error:
            self._note(question, "unknown")
            raise Unavailable(
                "Whose this is cannot be learned now", reason="scope-unknown", headers=_AGAIN
            ) from error
        if self._asking.get(question.key) is asyncio.current_task():
            self._memory(question).put(question.key, found)
        self._note(question, "asked")
        return found

    def _note(self, question: Question, result: str) -> None:
        if self._metrics is not None:
            self._metrics.count("cutover_scope_lookups_total", route=question.lookup.route, result=result)


class _GoneError(Exception):
    """The service knows no such thing."""


def target_of(table: RouteTable, question: Question) -> str:
    """Raw path and query that the looked-up route's service is asked under.

    Raises:
        _GoneError: the value can name nothing there.
    """
    lookup, organisation = question.lookup, quote(question.caller.organisation, safe="")
    route = _route(table, lookup)
    scoped = [place for place in route.scope if place.where is not Where.BODY]
    path = {place.name: organisation for place in scoped if place.where is Where.PATH}
    query = "&".join(f"{place.name}={organisation}" for place in scoped if place.where is Where.QUERY)
    try:
        if not lookup.member:
            path |= {name: quote(question.value, safe="") for name in (route.gateway or route.legacy).path.names}
        asked = to_legacy(route, path, Request("GET", "/?" + query if query else "/"))
        check_crossing(table, route, asked)
    except (MappingError, Problem, UnicodeError):
        raise _GoneError from None
    return asked.target


def _reader(lookup: Lookup) -> Callable[[Reply], list[str]]:
    def read(reply: Reply) -> list[str]:
        if reply.status in _GONE and not lookup.member:
            raise _GoneError
        if reply.status in _REFUSED:
            raise Forbidden("You may not see whose this is", reason="scope", failed=str(lookup.parameter))
        if reply.status != _OK:
            raise NoAnswerError(f"status {reply.status}")
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise NoAnswerError("no JSON") from None
        return texts_at(document, lookup.path)

    return read


def texts_at(document: Any, path: tuple[str, ...]) -> list[str]:
    """The texts to which a path of members leads, through lists; what is no text or empty is left out. Pure."""
    found = [document]
    for name in path:
        level = [item for value in found for item in (value if isinstance(value, list) else [value])]
        found = [item[name] for item in level if isinstance(item, dict) and name in item]
    flat = [item for value in found for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat if isinstance(item, str) and item]


def _route(table: RouteTable, lookup: Lookup) -> Route:
    route = table.route(lookup.route)
    assert route is not None  # noqa: S101 - the table was checked when it was read
    return route


def _forwards(table: RouteTable, lookup: Lookup) -> bool:
    return table.services[_route(table, lookup).service].authorization is Authorization.FORWARD
