"""Who may open a WebSocket: the same stages as any request, with a ticket in the credential's place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from gateway.authenticate.bearer import challenge, invalid
from gateway.caller import ANONYMOUS, Caller
from gateway.core.exchange import header
from gateway.core.subject import storable
from gateway.cors import allows
from gateway.guard import check_target
from gateway.handle import enforced, stage
from gateway.limit import failed
from gateway.prepare import with_forwarding
from gateway.problem import Forbidden, Unauthenticated
from gateway.rewrite import socket_of
from gateway.stage import Standing
from gateway.ticket import PARAMETER

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.routes import Route, Service
    from gateway.core.table import Matched, RouteTable
    from gateway.handle import Context
    from gateway.record import Entry
    from gateway.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Admitted:
    """A socket that may be opened: the handshake for the service, and the ticket where one was shown."""

    matched: Matched
    service: Service
    request: Request
    ticket: Ticket | None


async def admit(context: Context, table: RouteTable, request: Request, entry: Entry, scheme: str) -> Admitted:
    """Let a handshake pass, or say why not.

    Raises:
        Problem: as for any request; Unauthenticated also for a missing, used, expired or foreign ticket.
    """
    parts, settings = context.parts, context.settings
    parts.guard(request)
    matched = parts.match(table, request, upgrade=True)
    stands = stage(context, context.flags(), entry, matched, copy=False)
    service = table.services[matched.route.service]
    told, entry.client = with_forwarding(request, scheme, table.policy, service)
    told += entry.trace.headers() if entry.trace else ()
    caller, ticket = ANONYMOUS, None
    with enforced(context, entry, stands):
        _check_origin(table, request)
        try:
            if needs_ticket(table, matched.route):
                caller, ticket = await _ticket_holder(context, table, matched.route, request)
            else:
                wait = stands is not Standing.TRANSPARENT
                caller = await parts.authenticate(context.identity, table, matched.route, request, wait=wait)
        except Unauthenticated as refusal:
            await failed(context.limits, table, refusal, entry.client, shadow=False)
            raise
        entry.scheme, entry.subject = caller.scheme, storable(caller.subject, settings.fingerprint_key)
        entry.organisation = storable(caller.organisation, settings.fingerprint_key)
        await parts.limit(context.limits, table, matched.route, caller, request, entry.client, shadow=False)
        await parts.authorise(context.rights, table, matched, caller, request)
    if ticket is not None:
        check_target(ticket.upstream)
        mapped = replace(request, target=ticket.upstream)
    else:
        mapped = parts.mapped(table, matched, replace(request, target=_without_ticket(request)))
    hand_off = None if stands is Standing.TRANSPARENT else context.hand_off
    outgoing = parts.dressed(mapped, service, caller, told=told, request_id=entry.request_id, hand_off=hand_off)
    return Admitted(matched, service, outgoing, ticket)


def needs_ticket(table: RouteTable, route: Route) -> bool:
    """Whether some route hands out this socket's address; then only such an address opens it."""
    return any(socket_of(table, descriptor) is route for descriptor in table.routes if descriptor.rewrites)


async def _ticket_holder(
    context: Context, table: RouteTable, route: Route, request: Request
) -> tuple[Caller, Ticket]:
    text = next((value for name, value in parse_qsl(request.query) if name == PARAMETER), None)
    if text is None:
        raise Unauthenticated(
            "A ticket is required; ask for the socket's address first", reason="ticket-missing", headers=challenge()
        )
    ticket = context.tickets.redeem(text, path=request.path, now=context.settings.clock())
    if ticket is None:
        raise invalid("The ticket is used, expired or not for this socket", "ticket-invalid")
    if header(request.headers, "authorization") is not None:
        holder = await context.parts.authenticate(context.identity, table, route, request)
        if holder.subject != ticket.subject:
            raise Forbidden("The ticket is somebody else's", reason="ticket-subject")
    return Caller("ticket", ticket.subject, ticket.organisation), ticket


def _check_origin(table: RouteTable, request: Request) -> None:
    # Browsers let any page open a socket; the Origin they send is the only thing that tells pages apart.
    origin = header(request.headers, "origin")
    if origin is not None and not allows(table.policy.cors, origin):
        raise Forbidden("Disallowed origin", reason="origin")


def _without_ticket(request: Request) -> str:
    kept = [pair for pair in request.query.split("&") if pair and pair.partition("=")[0] != PARAMETER]
    return request.path + ("?" + "&".join(kept) if kept else "")
