"""Transport errors."""

from __future__ import annotations

from gateway.transport.errors import Broken, ConnectFailed, Silent, TransportError


def test_errors_say_what_may_follow() -> None:
    """A failure to connect sent nothing; a broken exchange may have, and says whether the connection was stale."""
    assert not ConnectFailed("x").sent
    assert Broken("x").sent
    assert not Broken("x").stale
    assert isinstance(Silent("x", sent=True), TransportError)
