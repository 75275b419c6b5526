"""Which way a request came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.routes import Forwarding
from gateway.core.trusted import address_of, is_trusted
from gateway.forwarding import Way, told_of, way_of

NETWORK = ("10.0.0.0/8", "2001:db8:a::/48")
PEER = "10.0.0.1"


def hops(peer: str, trusted: tuple[str, ...], name: str, *claimed: str) -> tuple[str, ...]:
    """The hops that are believed."""
    headers = (("Host", "gw"), *((name, value) for value in claimed))
    return way_of(headers, peer, "http", trusted, name.lower()).hops


@pytest.mark.parametrize(
    ("peer", "trusted", "claimed", "expected"),
    [
        ("9.9.9.9", (), [], ("9.9.9.9",)),
        ("9.9.9.9", (), ["6.6.6.6"], ("9.9.9.9",)),
        (PEER, NETWORK, [], (PEER,)),
        (PEER, NETWORK, ["7.7.7.7"], ("7.7.7.7", PEER)),
        (PEER, NETWORK, ["6.6.6.6, 7.7.7.7"], ("7.7.7.7", PEER)),
        (PEER, NETWORK, ["6.6.6.6", "7.7.7.7, 10.0.0.2"], ("7.7.7.7", "10.0.0.2", PEER)),
        (PEER, NETWORK, ["6.6.6.6, <script>"], (PEER,)),
        (PEER, NETWORK, ["6.6.6.6, unknown"], (PEER,)),
        (PEER, NETWORK, ["6.6.6.6, fe80::1%eth0"], (PEER,)),
        (PEER, NETWORK, ["7.7.7.7:4711"], ("7.7.7.7", PEER)),
        (PEER, NETWORK, ["[2001:db8::7]:4711"], ("2001:db8::7", PEER)),
        (PEER, NETWORK, ["2001:0DB8::0007"], ("2001:db8::7", PEER)),
        (PEER, NETWORK, ["6.6.6.6, 2001:db8:a::1"], ("6.6.6.6", "2001:db8:a::1", PEER)),
        ("::ffff:10.0.0.1", NETWORK, ["::ffff:7.7.7.7"], ("7.7.7.7", PEER)),
        ("", (), [], ("unknown",)),
    ],
)
def test_forwarded_for_starts_with_the_nearest_stranger(
    peer: str, trusted: tuple[str, ...], claimed: list[str], expected: tuple[str, ...]
) -> None:
    """Only trusted hops are believed, from the right; what the nearest stranger claims is dropped."""
    assert hops(peer, trusted, "X-Forwarded-For", *claimed) == expected


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (["for=7.7.7.7"], ("7.7.7.7", PEER)),
        (["For=7.7.7.7;by=10.0.0.1;Proto=https"], ("7.7.7.7", PEER)),
        (['for=6.6.6.6, for="7.7.7.7:80"'], ("7.7.7.7", PEER)),
        (["for=6.6.6.6", 'for="[2001:db8::7]:4711"'], ("2001:db8::7", PEER)),
        (["for=7.7.7.7 , for=10.0.0.2"], ("7.7.7.7", "10.0.0.2", PEER)),
        (["for=6.6.6.6, for=_hidden"], (PEER,)),
        (["for=6.6.6.6, for=unknown"], (PEER,)),
        (["for=6.6.6.6, proto=https"], (PEER,)),
        (['for="6.6.6.6, for=7.7.7.7'], (PEER,)),
        (["for=6.6.6.6;for=7.7.7.7"], (PEER,)),
        (["for=6.6.6.6,,for=7.7.7.7"], (PEER,)),
        (["for = 7.7.7.7"], (PEER,)),
        (["for=6.6.6.6 for=7.7.7.7"], (PEER,)),
        (["for=7.7.7.7", ""], (PEER,)),
        (['for="7.7\\.7.7"'], ("7.7.7.7", PEER)),
    ],
)
def test_forwarded_is_read_from_the_right(claimed: list[str], expected: tuple[str, ...]) -> None:
    """RFC 7239: ports, quotes and obfuscated names are understood, and what cannot be read is not believed."""
    assert hops(PEER, NETWORK, "Forwarded", *claimed) == expected


def test_only_the_named_header_is_believed() -> None:
    """A proxy that writes one header passes the other on as the client wrote it."""
    headers = (("Host", "gw"), ("Forwarded", "for=6.6.6.6;proto=https;host=evil"), ("X-Forwarded-For", "7.7.7.7"))
    assert way_of(headers, PEER, "http", NETWORK, "x-forwarded-for") == Way(("7.7.7.7", PEER), "http", "gw")
    headers = (
        ("Host", "gw"),
        ("Forwarded", "for=7.7.7.7"),
        ("X-Forwarded-For", "6.6.6.6"),
        ("X-Forwarded-Proto", "https"),
    )
    assert way_of(headers, PEER, "http", NETWORK, "forwarded") == Way(("7.7.7.7", PEER), "http", "gw")


def test_scheme_and_host_are_believed_from_trusted_peers_only() -> None:
    """What was asked for comes from the proxy nearest to the client, once, and only in a form that can be one."""

    def way(*headers: tuple[str, str], trusted: tuple[str, ...] = NETWORK, name: str = "x-forwarded-for") -> Way:
        return way_of((("Host", "gw"), *headers), PEER, "http", trusted, name)

    proto, host = ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "api.example:8443")
    known = ("X-Forwarded-For", "7.7.7.7")
    assert way(known, proto, host) == Way(("7.7.7.7", PEER), "https", "api.example:8443")
    assert way(proto, host) == Way((PEER,), "https", "api.example:8443")
    assert way(known, proto, host, trusted=()) == Way((PEER,), "http", "gw")
    assert way(known, ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Host", "a b")).scheme == "http"
    assert way(known, proto, proto, host, host) == Way(("7.7.7.7", PEER), "http", "gw")
    assert way(known, ("X-Forwarded-Host", 'a"b')).host == "gw"
    said = ("Forwarded", "for=6.6.6.6;proto=http;host=evil, for=7.7.7.7;proto=https;host=api.example, for=10.0.0.2")
    assert way(said, name="forwarded") == Way(("7.7.7.7", "10.0.0.2", PEER), "https", "api.example")


def test_a_service_is_told_in_its_own_headers() -> None:
    """X-Forwarded-*, Forwarded or both; IPv6 is quoted, a host cannot end its quotes."""
    way = Way(("2001:db8::7", "10.0.0.1"), "https", 'a"b\\c')
    x = (
        ("X-Forwarded-For", "2001:db8::7, 10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", 'a"b\\c'),
    )
    standard = (("Forwarded", 'for="[2001:db8::7]";host="a\\"b\\\\c";proto=https, for=10.0.0.1'),)
    via = (("Via", "1.1 cutover"),)
    assert told_of(way, Forwarding.X_FORWARDED) == x + via
    assert told_of(way, Forwarding.FORWARDED) == standard + via
    assert told_of(way, Forwarding.BOTH) == x + standard + via
    nobody = dict(told_of(Way(("unknown",), "http", "gw"), Forwarding.BOTH))
    assert (nobody["X-Forwarded-For"], nobody["Forwarded"]) == ("unknown", 'for=unknown;host="gw";proto=http')


def test_a_chain_of_proxies_has_an_end() -> None:
    """However many trusted hops are claimed, a few dozen are read."""
    assert len(hops(PEER, NETWORK, "X-Forwarded-For", ", ".join(["10.0.0.2"] * 500))) < 50


@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from(["X-Forwarded-For", "Forwarded"]))
def test_whatever_is_claimed_only_addresses_come_out(claimed: list[str], name: str) -> None:
    """Hops are addresses in their one spelling, and the last is the peer."""
    found = hops(PEER, NETWORK, name, *claimed)
    assert found[-1] == PEER
    assert all(address_of(hop) == hop for hop in found)
    assert all(is_trusted(hop, NETWORK) for hop in found[1:])


ADDRESSES = st.ip_addresses().map(str)


@given(st.lists(ADDRESSES, min_size=1, max_size=5), ADDRESSES)
def test_what_is_told_can_be_read_back(chain: list[str], stranger: str) -> None:
    """A gateway behind this one that trusts it reads the same client, in either header."""
    way = way_of((("Host", "gw"),), stranger, "https", (), "forwarded")
    told = dict(told_of(Way((*way.hops, *chain), "https", "gw"), Forwarding.BOTH))
    everyone = ("0.0.0.0/0", "::/0")
    for name in ("Forwarded", "X-Forwarded-For"):
        again = way_of(tuple(told.items()), PEER, "http", everyone, name.lower())
        assert again.hops[0] == way.client
        assert (again.scheme, again.host) == ("https", "gw")
