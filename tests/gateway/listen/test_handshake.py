"""Handshakes; how they are answered on the wire is tested in test_socket.py."""

from __future__ import annotations

from typing import Any

from gateway.listen.handshake import checked, socket_scope, switching

GOOD: Any = {
    "scheme": "https",
    "headers": [
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"sec-websocket-version", b"13"),
        (b"sec-websocket-protocol", b"a, b"),
        (b"sec-websocket-protocol", b"c"),
        (b"sec-websocket-extensions", b"permessage-deflate"),
    ],
}


def test_good_handshake_is_answered_as_the_rfc_says() -> None:
    """The key of RFC 6455 §1.3 gets its answer; no extension is agreed on, a subprotocol only when chosen."""
    status, headers = checked(GOOD)
    assert status == 101
    text = switching(headers, "b")
    assert text.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in text
    assert text.endswith(b"\r\nSec-WebSocket-Protocol: b\r\n\r\n")
    assert b"extensions" not in text.lower()
    assert b"Sec-WebSocket-Protocol" not in switching(headers, None)


def test_offered_subprotocols_are_told_in_order() -> None:
    """Several lines are one list; the scheme is that of a socket."""
    scope = socket_scope(GOOD)
    assert (scope["type"], scope["scheme"], scope["subprotocols"]) == ("websocket", "wss", ["a", "b", "c"])
    assert socket_scope({**GOOD, "scheme": "http", "headers": []})["subprotocols"] == []


def test_each_missing_part_is_refused() -> None:
    """Without upgrade, connection, key or version there is no handshake."""
    for missing in range(4):
        kept = [pair for number, pair in enumerate(GOOD["headers"]) if number != missing]
        assert checked({**GOOD, "headers": kept})[0] != 101
