"""The request a service gets: mapped, cleaned, with the gateway's own word on who calls. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_legacy
from gateway.core.recall import recalled
from gateway.core.routes import Authorization, Kind
from gateway.core.trace import NAMES
from gateway.forwarding import told_of, way_of
from gateway.guard import check_crossing
from gateway.headers import request_headers
from gateway.problem import BadRequest
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.context import HandOff
    from gateway.core.exchange import Headers
    from gateway.core.policy import Policy
    from gateway.core.routes import Service
    from gateway.core.table import Matched, RouteTable

_OWN = NAMES | {"x-request-id", "via"}
"""What the gateway itself states, so that a client's own word ends here."""


_LONG, _REMEMBERED = 512, 4096
"""Characters of a target beyond which nothing is remembered of it, and how many targets are."""


def mapped(table: RouteTable, matched: Matched, request: Request) -> Request:
    """The request in the service's terms: method, raw path, raw query, moved parameters.

    Raises:
        BadRequest: a parameter that must move is absent.
        NotFound: the service would take the path for another route.
    """
    if matched.route.moves or len(request.target) > _LONG:
        return _mapped(table, matched, request)
    # Without moves, only the target decides.
    known = table.memo.setdefault(mapped, {})
    target = known.get((matched.route.id, request.target))
    if target is None:
        target = _mapped(table, matched, request).target
        if len(known) >= _REMEMBERED:
            known.clear()
        known[matched.route.id, request.target] = target
    return Request(matched.route.legacy.method, target, request.headers, request.body, request.client)


def _mapped(table: RouteTable, matched: Matched, request: Request) -> Request:
    try:
        upstream = to_legacy(matched.route, matched.parameters, request)
    except MappingError as error:
        raise BadRequest(str(error), reason="mapping") from None
    check_crossing(table, matched.route, upstream, upgrade=matched.route.kind is Kind.WEBSOCKET)
    return upstream


def dressed(
    request: Request, service: Service, caller: Caller, *, told: Headers, request_id: str, hand_off: HandOff | None
) -> Request:
    """The mapped request with the headers it travels with.

    `told` are the forwarding headers; without `hand_off` (transparent calls) nothing is stated of the caller. Host
    comes first, so that nothing a client writes stands before it.
    """
    kept = _kept(request.headers, service.authorization is Authorization.FORWARD)
    context = hand_off.headers(caller, service, request.method, request.path) if hand_off else ()
    headers = (
        ("Host", origin_of(service.internal).authority),
        *kept,
        *told,
        *context,
        ("X-Request-ID", request_id),
        *framing(request.headers),
    )
    return Request(request.method, request.target, headers, request.body, request.client)


@recalled
def _kept(headers: Headers, authorization: bool) -> Headers:  # noqa: FBT001 - what is remembered by goes by place
    kept = request_headers(headers, authorization=authorization)
    return tuple(pair for pair in kept if pair[0].lower() not in _OWN)


@recalled
def framing(headers: Headers) -> Headers:
    """Content-Length as it is, or chunked where the length is not known (RFC 9112 §6)."""
    names = {name.lower(): value for name, value in headers}
    if "content-length" in names:
        return (("Content-Length", names["content-length"]),)
    return (("Transfer-Encoding", "chunked"),) if "transfer-encoding" in names else ()


def with_forwarding(
    request: Request, scheme: str, policy: Policy, service: Service, *, copy_of: str | None = None
) -> tuple[Headers, str]:
    """Forwarding headers and the client's address; a copy speaks for the client its mark names."""
    trusted = () if copy_of else policy.trusted_proxies
    way = way_of(request.headers, copy_of or request.client, scheme, trusted, policy.proxy_header)
    return told_of(way, service.forwarding), way.client
