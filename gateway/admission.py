"""Who calls, whether he may, and whether he has a token left: what a request must pass before anybody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gateway.core.exchange import header
from gateway.core.mark import TRIAL
from gateway.core.routes import Access
from gateway.limit import failed
from gateway.problem import Problem, Unauthenticated
from gateway.stage import Standing

if TYPE_CHECKING:
    from gateway.authenticate import Identity
    from gateway.authorise import Rights
    from gateway.caller import Caller
    from gateway.core.exchange import Headers, Request
    from gateway.core.mark import Mark
    from gateway.core.table import Matched, RouteTable
    from gateway.limit import Limits
    from gateway.record import Entry


class Gate(Protocol):
    """What is needed of a gateway's context; see `gateway.handle`."""

    parts: Any
    identity: Identity
    rights: Rights
    limits: Limits


class Come(Protocol):
    """What is needed of a call; see `gateway.handle`."""

    table: RouteTable
    request: Request
    entry: Entry
    mark: Mark | None
    told: Headers


async def identified(context: Gate, call: Come, matched: Matched) -> Caller:
    """The caller; whoever fails to say who he is uses up what his address may fail.

    Raises:
        Unauthenticated: no credential, or one that does not hold.
        RateLimited: the address has failed too often.
    """
    client, live = call.entry.client, call.mark is None
    if live and matched.route.access is Access.API_KEY:
        context.limits.check(client, header(call.request.headers, "authorization"))
    wait = call.entry.standing != Standing.TRANSPARENT
    try:
        caller: Caller = await context.parts.authenticate(
            context.identity, call.table, matched.route, call.request, wait=wait
        )
    except Unauthenticated as refusal:
        if not is_trial(call):
            await failed(context.limits, call.table, refusal, client, shadow=not live)
        raise
    return caller


async def permitted(context: Gate, call: Come, matched: Matched, caller: Caller, stands: Standing) -> None:
    """Whether the caller may, and has a token left; what is refused costs one too, so that searching is slow.

    Raises:
        Forbidden: the caller may not.
        RateLimited: there is no token.
    """
    wait = stands is not Standing.TRANSPARENT
    try:
        await context.parts.authorise(context.rights, call.table, matched, caller, call.request, call.mark, wait=wait)
    except Problem:
        await _limited(context, call, matched, caller, stands)
        raise
    await _limited(context, call, matched, caller, stands)


def is_trial(call: Come) -> bool:
    """Whether somebody tries what the gateway would do, which costs nobody a token."""
    return call.mark is not None and call.mark.mode == TRIAL


async def _limited(context: Gate, call: Come, matched: Matched, caller: Caller, stands: Standing) -> None:
    """Debit the caller's bucket; the answer tells of it, unless the call is transparent."""
    if is_trial(call):
        return
    entry, route = call.entry, matched.route
    entry.limit = route.limit
    debit = await context.parts.limit(
        context.limits, call.table, route, caller, call.request, entry.client, shadow=call.mark is not None
    )
    entry.left = debit.left
    if stands is not Standing.TRANSPARENT:
        call.told += debit.headers
