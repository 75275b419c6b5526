from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.listening import Tls
from gateway.core.mirroring import Mirroring
from gateway.core.routes import Authorization, Service
from gateway.core.table import RouteTable
from shadow.entrance import Came, Entrance

ONE = Service("one", "http://127.0.0.1:8000", "http://i", Authorization.FORWARD, "127.0.0.1:18000")
SEALED = Service("sealed", "https://api.example", "http://i", Authorization.FORWARD, "127.0.0.1:18001")
TABLE = RouteTable("p", {"one": ONE, "sealed": SEALED}, (), mirroring=Mirroring(proxy_listen="127.0.0.1:18100"))
WITH_TLS = replace(TABLE, mirroring=replace(TABLE.mirroring, tls=Tls("c", "k")))
SOMEWHERE = ("127.0.0.1", 9)


def came(listener: int, asked: tuple[str, int] = SOMEWHERE, *, tls: bool = False) -> Came:
    """A request that came in so."""
    return Came(listener, "203.0.113.5", asked, tls=tls)


def test_a_listener_is_its_services() -> None:
    """At a service's own listener every request is the service's, whatever address it names."""
    assert Entrance(TABLE).service(came(18000, ("evil.example", 80))) == "one"
    assert Entrance(TABLE).refused(came(18000)) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST.", "[::1]", "0.0.0.0"])
def test_at_the_proxy_the_address_says_whose_it_is(host: str) -> None:
    """The proxy knows a service by host and port of its legacy address, under every name of this machine."""
    assert Entrance(TABLE).service(came(18100, (host, 8000))) == "one"
    assert Entrance(TABLE).service(came(18100, ("API.example", 443))) == "sealed"


@pytest.mark.parametrize("asked", [("127.0.0.1", 8001), ("internet.example", 8000), ("127.0.0.1", 18000), ("", 0)])
def test_the_proxy_goes_nowhere_else(asked: tuple[str, int]) -> None:
    """Any other address is refused, by request and by tunnel, with the address in the answer."""
    entrance = Entrance(TABLE)
    for refused in (entrance.refused(came(18100, asked)), entrance.tunnel_refused(came(18100, asked))):
        assert refused is not None
        assert refused[0] == "foreign"
        assert refused[1].status == 403
        assert f"{asked[0]}:{asked[1]} is no legacy address of p".encode() in refused[1].body


def test_tunnels_are_opened_at_the_proxy_only() -> None:
    """CONNECT opens a way to a legacy address; at a listener it opens none; for TLS there must be a certificate."""
    entrance = Entrance(TABLE)
    assert entrance.tunnel_refused(came(18100, ("localhost", 8000))) is None
    assert entrance.tunnel_refused(came(18000, ("127.0.0.1", 8000))) is not None
    refused = entrance.tunnel_refused(came(18100, ("api.example", 443)))
    assert refused is not None
    assert refused[0] == "plain"
    assert Entrance(WITH_TLS).tunnel_refused(came(18100, ("api.example", 443))) is None


def test_a_listener_with_a_certificate_speaks_tls_only() -> None:
    """There a request in clear is refused; the proxy itself is spoken to in clear."""
    entrance = Entrance(WITH_TLS)
    refused = entrance.refused(came(18000))
    assert refused is not None
    assert (refused[0], refused[1].status) == ("plain", 400)
    assert entrance.refused(came(18000, tls=True)) is None
    assert entrance.refused(came(18100, ("127.0.0.1", 8000))) is None


def test_what_is_said_to_the_proxy_stays_there() -> None:
    """A service gets no header that was meant for the proxy; at a listener nothing is taken out."""
    entrance = Entrance(TABLE)
    headers = (("Host", "h"), ("Proxy-Connection", "keep-alive"), ("Proxy-Authorization", "Basic x"))
    asked = entrance.request(came(18100, ("127.0.0.1", 8000)), "GET", "/a", headers)
    assert [name for name, _ in asked.headers] == ["Host", "X-Forwarded-For"]
    assert asked.client == "203.0.113.5"
    assert [name for name, _ in entrance.request(came(18000), "GET", "/a", headers).headers][:3] == [
        name for name, _ in headers
    ]


def test_where_a_service_is_called() -> None:
    """Host, port and scheme of the legacy address."""
    assert Entrance(TABLE).legacy("one") == ("127.0.0.1", 8000, "http")
    assert Entrance(TABLE).legacy("sealed") == ("api.example", 443, "https")
