"""The service's answer as the client gets it: cleaned headers, gateway addresses, the body untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.answer import Answer
from gateway.core.exchange import header
from gateway.headers import response_headers
from gateway.problem import Unreachable
from gateway.rewrite import rewritten_body, rewritten_location, socket_path
from gateway.transport.client import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.answer import Answering
    from gateway.core.exchange import Request
    from gateway.core.table import Matched, RouteTable

    SocketUrl = Callable[[str, str, Any], str]

REWRITE_LIMIT = 1 << 20


async def transform(
    table: RouteTable, matched: Matched, request: Request, upstream: Answering, socket_url: SocketUrl
) -> Answer:
    """The answer to pass on; its body still arrives unless an address in it was rewritten.

    `request` is the one sent upstream. `socket_url` makes the address handed out from the socket's gateway path, its
    target at the service, and the subscription.

    Raises:
        Unreachable: a body that must be rewritten is longer than 1 MiB.
        TransportError: that body broke off.
    """
    service = table.services[matched.route.service]
    headers = rewritten_location(table, service, request, response_headers(upstream.headers))
    if not _rewrites(matched, upstream):
        whole = upstream.whole() if isinstance(upstream, Upstream) else None
        return Answer(upstream.status, headers, upstream if whole is None else whole)
    path = socket_path(table, matched)

    def public(value: str, document: dict[str, Any]) -> str:
        try:
            parts = urlsplit(value)
        except ValueError:
            return value
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return socket_url(path, target, document.get("subscription")) if path else value

    body = rewritten_body(await _whole(upstream), matched.route.rewrites, public)
    kept = tuple(pair for pair in headers if pair[0].lower() not in {"content-length", "etag"})
    return Answer(upstream.status, (*kept, ("content-length", str(len(body)))), body)


def _rewrites(matched: Matched, upstream: Answering) -> bool:
    if not matched.route.rewrites or upstream.status != 200:  # noqa: PLR2004 - OK
        return False
    kind = (header(upstream.headers, "content-type") or "").partition(";")[0].strip().lower()
    return kind == "application/json" and header(upstream.headers, "content-encoding") in {None, "identity"}


async def _whole(upstream: Answering) -> bytes:
    pieces, size = [], 0
    while piece := await upstream.take():
        pieces.append(piece)
        size += len(piece)
        if size > REWRITE_LIMIT:
            upstream.close()
            raise Unreachable("The service's answer is too long to be rewritten", reason="rewrite", sent=True)
    return b"".join(pieces)
