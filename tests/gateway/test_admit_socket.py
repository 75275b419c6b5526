"""Who may open a WebSocket; the wire is tested in test_websocket.py."""

from __future__ import annotations

from gateway.admit_socket import needs_ticket
from gateway.core.routes import Kind
from tests.apps.table import route, table

SOCKET = route("socket", "compute", "GET /s", "GET /api/d/{id}/logs", kind=Kind.WEBSOCKET)
DESCRIPTOR = route("stream", "compute", "GET /l/{id}", "GET /api/d/{id}/log-stream", rewrites=("ws_url",))


def test_ticket_is_needed_where_an_address_is_handed_out() -> None:
    """A socket that a descriptor with the same parameters leads to opens with a ticket only."""
    assert needs_ticket(table("http://s", SOCKET, DESCRIPTOR), SOCKET)


def test_other_sockets_need_none() -> None:
    """Without a descriptor, or with one of other parameters, the route's own access holds."""
    other = route("other", "compute", "GET /o/{x}", "GET /api/o/{x}", rewrites=("ws_url",))
    assert not needs_ticket(table("http://s", SOCKET, other), SOCKET)
    internal = route("internal", "compute", "GET /i", None, access="internal")
    assert not needs_ticket(table("http://s", internal), internal)
