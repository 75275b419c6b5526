"""The opening handshake of a WebSocket (RFC 6455 §4.2), checked by the `websockets` package. Pure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    from gateway.listen.reception import Message

_SWITCHING = 101
QUIET = logging.getLogger("cutover.gateway.frames")
"""Takes what the package would log of every connection."""
QUIET.setLevel(logging.CRITICAL)


def checked(scope: Message) -> tuple[int, Headers]:
    """The status that answers the handshake, and the answer's headers."""
    names = Headers((name.decode(), value.decode("latin-1")) for name, value in scope["headers"])
    response = ServerProtocol(logger=QUIET).accept(Request("/", names))
    return response.status_code, response.headers


def socket_scope(scope: Message) -> Message:
    """The scope of a request that was found to be a handshake, as ASGI wants it for a WebSocket."""
    offered = b",".join(value for name, value in scope["headers"] if name == b"sec-websocket-protocol")
    return {
        **scope,
        "type": "websocket",
        "scheme": "wss" if scope["scheme"] == "https" else "ws",
        "subprotocols": [token.strip() for token in offered.decode("latin-1").split(",") if token.strip()],
        "extensions": {"websocket.http.response": {}},
    }


def switching(headers: Headers, subprotocol: str | None) -> bytes:
    """The answer that opens the socket; no extension is agreed on."""
    lines = [f"{name}: {value}" for name, value in headers.raw_items()]
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return "\r\n".join(["HTTP/1.1 101 Switching Protocols", *lines, "", ""]).encode()
