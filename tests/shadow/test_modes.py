from __future__ import annotations

import pytest

from gateway.core.mirroring import Mirroring
from gateway.core.routes import Authorization, Service
from gateway.core.table import RouteTable
from shadow.modes import gateway_at, host_port, listeners, listening, mode, proxy_mode, services_by_port

ONE = Service("one", "http://10.0.0.1:8000/", "http://i", Authorization.FORWARD, "127.0.0.1:18000")
BARE = Service("bare", "http://10.0.0.2:8000", "http://i", Authorization.FORWARD, "")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:18000", ("127.0.0.1", 18000)),
        ("[::1]:9", ("::1", 9)),
        ("http://example.org", ("example.org", 80)),
        ("https://example.org/", ("example.org", 443)),
    ],
)
def test_addresses_are_read(address: str, expected: tuple[str, int]) -> None:
    """Addresses and URLs give host and port, with the scheme's port where none is written."""
    assert host_port(address) == expected


def test_each_service_has_one_listener() -> None:
    """A service listens where the table says and forwards to its legacy address; without an address it has none."""
    table = RouteTable("p", {"one": ONE, "bare": BARE}, ())
    assert [mode(service) for service in listening(table)] == ["reverse:http://10.0.0.1:8000@127.0.0.1:18000"]
    assert services_by_port(table) == {18000: "one"}


def test_the_proxy_is_one_more_listener() -> None:
    """With an address the proxy listens there; without one there is none."""
    table = RouteTable("p", {"one": ONE}, ())
    assert (proxy_mode(table), listeners(table)) == ("", [("service one", "127.0.0.1:18000")])
    table = RouteTable("p", {"one": ONE}, (), mirroring=Mirroring(proxy_listen="127.0.0.1:18100"))
    assert proxy_mode(table) == "regular@127.0.0.1:18100"
    assert listeners(table)[1] == ("shadow", "127.0.0.1:18100")


def test_what_serves_from_canary_on() -> None:
    """Our public listener, or the gateway that is compared in its place."""
    assert gateway_at(RouteTable("p", {"one": ONE}, ())) == ("127.0.0.1", 8800, "http")
    other = RouteTable("p", {"one": ONE}, (), mirroring=Mirroring(candidate="https://gw.example"))
    assert gateway_at(other) == ("gw.example", 443, "https")
