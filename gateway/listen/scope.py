"""A request head as an ASGI scope. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.listen.reception import Message

    Address = tuple[str, int] | None

_ASGI = {"version": "3.0", "spec_version": "2.4"}


def shared_scope(scheme: str, client: Address, server: Address) -> Message:
    """What the scopes of all requests on one connection have in common."""
    return {
        "type": "http",
        "asgi": _ASGI,
        "scheme": scheme,
        "root_path": "",
        "client": client,
        "server": server,
    }


def scope_of(
    shared: Message, version: str, method: str, target: bytes, headers: list[tuple[bytes, bytes]]
) -> Message:
    """The scope of a request; `state` holds the target as it stood on the wire."""
    raw, _, query = target.partition(b"?")
    path = raw.decode("latin-1")
    return {
        **shared,
        "http_version": version,
        "method": method,
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw,
        "query_string": query,
        "headers": headers,
        "state": {"target": target},
    }


def opens_socket(method: str, telling: Mapping[bytes, bytes]) -> bool:
    """Whether a request with these headers begins a WebSocket.

    RFC 6455 §4.1: a handshake is a GET; with a body nobody could tell where its frames begin.
    """
    bodyless = b"transfer-encoding" not in telling and telling.get(b"content-length", b"0") == b"0"
    return method == "GET" and bodyless and telling.get(b"upgrade", b"").lower() == b"websocket"
