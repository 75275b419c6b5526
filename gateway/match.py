"""Which route a request is for. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import header
from gateway.problem import Moved, NotAllowed, NotFound

if TYPE_CHECKING:
    from gateway.core.exchange import Request
    from gateway.core.table import Matched, RouteTable


def match(table: RouteTable, request: Request, *, upgrade: bool = False) -> Matched:
    """The most specific exposed route; a preflight belongs to the route whose method it asks for.

    Raises:
        NotAllowed: the path is known under other methods.
        Moved: the path is known without its trailing slash.
        NotFound: neither.
    """
    asked = header(request.headers, "access-control-request-method") if request.is_preflight else None
    method = asked or request.method
    path = request.path
    found = table.exposed.find(method, path, upgrade=upgrade)
    if found is not None:
        return found
    if upgrade:
        raise NotFound("Not Found", reason="no-route")
    methods = table.exposed.methods(path)
    if methods:
        raise NotAllowed(methods)
    bare = path.rstrip("/")
    if bare and bare != path and table.exposed.find(method, bare):
        raise Moved(bare + request.target[len(path) :])
    raise NotFound("Not Found", reason="no-route")
