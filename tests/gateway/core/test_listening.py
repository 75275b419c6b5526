"""Settings of the listening side."""

from __future__ import annotations

from gateway.core.listening import Connections, Tls


def test_default_is_plain_http_with_bounds() -> None:
    """Without a word nothing is encrypted, and everything is bounded."""
    assert (Tls().certificate, Tls().key) == ("", "")
    usual = Connections()
    assert min(usual.most, usual.requests, usual.streams, usual.head, usual.keep_alive, usual.ping, usual.message) > 0
