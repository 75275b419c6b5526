"""A request with an Idempotency-Key between the spine and the ledger: whose key it is, and what it meets there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gateway.core.routes import Access
from gateway.idempotency.claimant import claimant
from gateway.idempotency.identity import bearer, known_user, user
from gateway.idempotency.key import REPLAYED
from gateway.idempotency.step import Keyed
from gateway.problem import Unauthenticated, Unavailable
from gateway.stage import Standing

if TYPE_CHECKING:
    from gateway.answer import Answering
    from gateway.authenticate import Identity
    from gateway.caller import Caller
    from gateway.core.exchange import Headers, Request
    from gateway.core.table import Matched, RouteTable
    from gateway.idempotency.identity import Claimant
    from gateway.idempotency.step import Once, Onward
    from gateway.incoming import Body
    from gateway.record import Entry
    from gateway.settings import Settings

_FORGED = "invalid"
"""Why a token is refused whose signature does not hold."""


class Gate(Protocol):
    """What is needed of a gateway's context; see `gateway.handle`."""

    parts: Any
    identity: Identity
    settings: Settings
    once: Once


class Come(Protocol):
    """What is needed of a call; see `gateway.handle`."""

    table: RouteTable
    request: Request
    body: Body
    entry: Entry
    told: Headers


async def keyed(
    context: Gate, call: Come, matched: Matched, caller: Caller, stands: Standing, key: str
) -> Keyed | None:
    """A key with whose it is; None where the service itself refuses the caller, so that nothing is done twice.

    A transparent call goes on whatever its key meets in a ledger that is away.
    """
    regardless = stands is Standing.TRANSPARENT
    if regardless and not known_user(matched.route, caller.subject):
        who = await _unproved(context, call, matched)
    else:
        who = _proved(context, call, matched, caller)
    return None if who is None else Keyed(key, matched.route, who, regardless)


async def passed_on(context: Gate, call: Come, mine: Keyed, request: Request, onward: Onward) -> Answering:
    """The service's answer, or the one it gave before; see `Once.pass_on`."""
    terms = call.table.policy.idempotency
    upstream, replayed = await context.once.pass_on(mine, request, _coming(call), onward, terms)
    if replayed:
        call.told = (*call.told, (REPLAYED, "true"))
    return upstream


async def answered_before(
    context: Gate, call: Come, matched: Matched, request: Request, caller: Caller, key: str
) -> Answering | None:
    """The answer that a verified caller's same request was given, None without one; nothing is claimed."""
    mine = Keyed(key, matched.route, _proved(context, call, matched, caller))
    return await context.once.again(mine, request, _coming(call))


def _coming(call: Come) -> Body | None:
    return None if call.body.taken else call.body


def _proved(context: Gate, call: Come, matched: Matched, caller: Caller) -> Claimant:
    keys, headers = context.once.keys, call.request.headers
    if known_user(matched.route, caller.subject):
        return user(keys, headers, caller.subject, caller.organisation)
    return bearer(keys, headers, call.entry.client)


async def _unproved(context: Gate, call: Come, matched: Matched) -> Claimant | None:
    """Whose key it is when nobody could be verified and the call goes on all the same: as on the legacy path."""
    keys, headers, settings = context.once.keys, call.request.headers, context.settings
    if matched.route.access is Access.JWT and await _forged(context, call, matched):
        return bearer(keys, headers, call.entry.client)
    return claimant(
        keys,
        call.table,
        matched.route,
        headers,
        call.entry.client,
        secrets=settings.jwt_secrets,
        now=settings.clock(),
    )


async def _forged(context: Gate, call: Come, matched: Matched) -> bool:
    # The legacy path cannot check every kind of token; here a forged one names nobody.
    try:
        await context.parts.authenticate(context.identity, call.table, matched.route, call.request, wait=False)
    except Unauthenticated as refusal:
        return refusal.reason == _FORGED
    except Unavailable:
        return False
    return False
