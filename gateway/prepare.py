"""The request a service gets: mapped, cleaned, with the gateway's own word on who calls. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.context import context_headers
from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_legacy
from gateway.core.recall import recalled
from gateway.core.routes import Authorization, Kind
from gateway.guard import check_crossing
from gateway.headers import forwarded, request_headers
from gateway.problem import BadRequest
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.core.exchange import Headers
    from gateway.core.routes import Service
    from gateway.core.table import Matched, RouteTable


def mapped(table: RouteTable, matched: Matched, request: Request) -> Request:
    """The request in the service's terms: method, raw path, raw query, moved parameters.

    Raises:
        BadRequest: a parameter that must move is absent.
        NotFound: the service would take the path for another route.
    """
    try:
        upstream = to_legacy(matched.route, matched.parameters, request)
    except MappingError as error:
        raise BadRequest(str(error), reason="mapping") from None
    check_crossing(table, matched.route, upstream, upgrade=matched.route.kind is Kind.WEBSOCKET)
    return upstream


def dressed(
    request: Request, service: Service, caller: Caller, *, told: Headers, request_id: str, internal_key: str
) -> Request:
    """The mapped request with the headers it travels with.

    `told` are the forwarding headers; an empty `internal_key` (transparent calls) states no context at all. Host
    comes first, so that nothing a client writes stands before it.
    """
    kept = _kept(request.headers, service.authorization is Authorization.FORWARD)
    context = context_headers(caller, service, internal_key) if internal_key else ()
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
    return tuple(pair for pair in kept if pair[0].lower() not in {"x-request-id", "via"})


@recalled
def framing(headers: Headers) -> Headers:
    """Content-Length as it is, or chunked where the length is not known (RFC 9112 §6)."""
    names = {name.lower(): value for name, value in headers}
    if "content-length" in names:
        return (("Content-Length", names["content-length"]),)
    return (("Transfer-Encoding", "chunked"),) if "transfer-encoding" in names else ()


def with_forwarding(
    request: Request, scheme: str, trusted: tuple[str, ...], *, copy_of: str | None = None
) -> tuple[Headers, str]:
    """Forwarding headers and the client's address; a copy speaks for the client its mark names."""
    if copy_of:
        return forwarded(request.headers, copy_of, scheme, (), chain=False)
    return forwarded(request.headers, request.client, scheme, trusted)
