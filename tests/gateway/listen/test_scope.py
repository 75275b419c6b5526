"""Scopes."""

from __future__ import annotations

import pytest

from gateway.listen.scope import opens_socket, scope_of, shared_scope


@pytest.mark.parametrize(
    ("target", "path", "raw", "query"),
    [
        (b"/a%20b?c=%20?d", "/a b", b"/a%20b", b"c=%20?d"),
        (b"/a?", "/a", b"/a", b""),
        (b"*", "*", b"*", b""),
        (b"http://h/a", "http://h/a", b"http://h/a", b""),
        (b"/\xff", "/\xff", b"/\xff", b""),
    ],
)
def test_target_is_split_and_kept(target: bytes, path: str, raw: bytes, query: bytes) -> None:
    """Whatever the form of the target, it is told as it was; no part of it becomes a host."""
    shared = shared_scope("https", ("192.0.2.1", 5), None)
    scope = scope_of(shared, "1.1", "GET", target, [])
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw, query)
    assert scope["state"] == {"target": target}
    assert (scope["type"], scope["scheme"], scope["client"]) == ("http", "https", ("192.0.2.1", 5))
    scope["state"]["x"] = 1
    assert scope_of(shared, "1.1", "GET", target, [])["state"] == {"target": target}


def test_handshake_is_a_get_without_a_body() -> None:
    """Only that begins a WebSocket, in any case of the word."""
    assert opens_socket("GET", {b"upgrade": b"WebSocket", b"content-length": b"0"})
    assert not opens_socket("POST", {b"upgrade": b"websocket"})
    assert not opens_socket("GET", {b"upgrade": b"h2c"})
    assert not opens_socket("GET", {b"upgrade": b"websocket", b"content-length": b"1"})
    assert not opens_socket("GET", {b"upgrade": b"websocket", b"transfer-encoding": b"chunked"})
