from __future__ import annotations

import socket

import pytest

from gateway.core.errors import UnreachableError, UsageError
from migrate.probe.reach import addresses, named_hosts, reach, refuse_strangers
from tests.apps.probed import inferia, small

TABLE = inferia()


def test_the_gateway_has_two_addresses() -> None:
    """Where clients come, and the internal listener; a named one goes first."""
    assert addresses(TABLE, "gateway", TABLE.routes, {}) == {
        "gateway": "http://127.0.0.1:8800",
        "gateway-internal": "http://127.0.0.1:8801",
    }
    assert addresses(TABLE, "gateway", (), {"gateway": "http://x:1/"})["gateway"] == "http://x:1"


def test_only_services_that_are_asked_have_addresses() -> None:
    """Legacy or internal."""
    routes = [route for route in TABLE.routes if route.id == "pools.list"]
    assert addresses(TABLE, "legacy", routes, {}) == {"orchestration": "http://127.0.0.1:8080"}
    assert addresses(TABLE, "internal", routes, {}) == {"orchestration": "http://127.0.0.1:8080"}


def test_hosts_are_named_on_the_command_line() -> None:
    """A bare URL is the gateway's."""
    assert named_hosts(TABLE, ["http://a:1", "data=https://b", "gateway-internal=http://c:2/"]) == {
        "gateway": "http://a:1",
        "data": "https://b",
        "gateway-internal": "http://c:2/",
    }


@pytest.mark.parametrize("value", ["nobody=http://a", "ftp://a", "http://", "http://a/path", "http://a?x=1", "a"])
def test_other_hosts_are_refused(value: str) -> None:
    """The message says what to write."""
    with pytest.raises(UsageError, match="--host"):
        named_hosts(TABLE, [value])


def test_strangers_are_not_probed() -> None:
    """Unless somebody takes responsibility; configured addresses and loopback may be asked."""
    with pytest.raises(UsageError, match=r"--i-own-this-target stranger\.example"):
        refuse_strangers(TABLE, {"gateway": "http://stranger.example"}, ())
    refuse_strangers(TABLE, {"gateway": "http://stranger.example"}, ("stranger.example",))
    refuse_strangers(TABLE, {"a": "http://localhost:1", "b": "http://[::1]:1", "c": "http://127.0.0.9"}, ())
    refuse_strangers(small(public_url="https://gw.example"), {"gateway": "https://gw.example"}, ())


def test_an_address_that_does_not_answer_is_named() -> None:
    """Before anything is asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        live = f"http://127.0.0.1:{server.getsockname()[1]}"
        reach({"gateway": live})
    with pytest.raises(UnreachableError, match="gateway at http"):
        reach({"gateway": live})
