"""Whether a known caller may: the route's permission, then whose it is that the request names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.authorise.owners import Owners, Question
from gateway.authorise.places import holds_only, values
from gateway.authorise.platform import Grants
from gateway.core.exchange import header
from gateway.core.mark import DRY_RUN
from gateway.core.permissions import AUTHENTICATED
from gateway.core.routes import Authorization, Effect
from gateway.problem import Forbidden, Hidden

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.core.exchange import Request
    from gateway.core.mark import Mark
    from gateway.core.routes import Lookup
    from gateway.core.table import Matched, RouteTable
    from gateway.metrics import Metrics
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

TICKET = "ticket"
_LONGEST_ID = 512
_FAILED = 400


@dataclass(frozen=True, slots=True)
class Rights:
    """What deciding needs beside the request: what roles grant, and who owns what; copies remember owners apart."""

    settings: Settings
    pool: Pool
    metrics: Metrics | None = None
    grants: Grants = field(init=False)
    live: Owners = field(init=False)
    copies: Owners = field(init=False)

    def __post_init__(self) -> None:
        known = self.settings, self.pool, self.metrics
        for name, value in (("grants", Grants(*known)), ("live", Owners(*known)), ("copies", Owners(*known))):
            object.__setattr__(self, name, value)

    def close(self) -> None:
        """Ask nobody any more."""
        for part in (self.grants, self.live, self.copies):
            part.close()


async def authorise(
    rights: Rights,
    table: RouteTable,
    matched: Matched,
    caller: Caller,
    request: Request,
    mark: Mark | None = None,
    *,
    wait: bool = True,
) -> None:
    """Pass a caller whose roles grant the route's permission, for what belongs to the caller's own organisation.

    A ticket stands for what its holder was let through before, so only places are looked at again. A dry run that
    copies a call passes where its object cannot be found: legacy may have deleted it by carrying the call out.
    Without `wait` nobody is asked before the call goes on, so that what is not remembered passes.

    Raises:
        Forbidden: no role grants the permission, or a place names another organisation, several, or none.
        Hidden: what the request names is another organisation's, or does not exist.
        Unavailable: whose it is cannot be learned.
    """
    route = matched.route
    needed = route.permission
    if needed and needed != AUTHENTICATED and caller.scheme != TICKET:
        granted = rights.grants.at_once(table) or await rights.grants.now(table, wait=wait)
        if needed not in granted.to(caller.roles):
            raise Forbidden(f"Permission denied: {needed} required", reason="permission", failed=needed)
    if route.scope or route.own:
        _check_places(matched, caller, request)
    if route.lookups and caller.scheme != TICKET:
        for lookup in route.lookups:
            asked = _question(table, matched, caller, request, lookup)
            if asked is not None:
                await _check_owner(rights, table, asked, mark, wait=wait)


def settled(
    rights: Rights, table: RouteTable, matched: Matched, caller: Caller, request: Request, status: int
) -> None:
    """After a write went through, what it may have changed is forgotten; `request` is the client's."""
    if matched.route.effect is Effect.WRITE and status < _FAILED and caller.organisation:
        ids = tuple(value for lookup in matched.route.lookups for value in values(lookup.parameter, matched, request))
        rights.live.forget(table, caller, header(request.headers, "authorization") or "", ids)


def _check_places(matched: Matched, caller: Caller, request: Request) -> None:
    route = matched.route
    for place in route.scope:
        if not holds_only(place, caller.organisation, matched, request):
            raise Forbidden(f"{place} must be your own organisation", reason="scope", failed=str(place))
    for place in route.own:
        if not holds_only(place, caller.subject, matched, request):
            raise Forbidden(f"{place} must be your own id", reason="scope", failed=str(place))


def _question(
    table: RouteTable, matched: Matched, caller: Caller, request: Request, lookup: Lookup
) -> Question | None:
    found, failed = values(lookup.parameter, matched, request), _failed(lookup)
    if len(found) != 1 or not isinstance(found[0], str) or not caller.organisation:
        raise Forbidden(
            f"{lookup.parameter} must name one thing of your own organisation", reason="scope", failed=failed
        )
    if found[0] in lookup.spare:
        return None
    if not 0 < len(found[0]) <= _LONGEST_ID:
        raise Hidden(failed=failed)
    return Question(lookup, found[0], caller, _credential(table, lookup, request))


async def _check_owner(rights: Rights, table: RouteTable, asked: Question, mark: Mark | None, *, wait: bool) -> None:
    owners = rights.live if mark is None else rights.copies
    answer = await owners.found(table, asked) if wait else owners.remembered(table, asked)
    if answer is None:
        return
    may_be_gone = mark is not None and mark.mode == DRY_RUN and (asked.lookup.member or not answer)
    if not asked.own(answer) and not may_be_gone:
        raise Hidden(failed=_failed(asked.lookup))


def _failed(lookup: Lookup) -> str:
    return f"{lookup.parameter} by {lookup.route}"


def _credential(table: RouteTable, lookup: Lookup, request: Request) -> str:
    route = table.route(lookup.route)
    if route is None or table.services[route.service].authorization is not Authorization.FORWARD:
        return ""
    return header(request.headers, "authorization") or ""
