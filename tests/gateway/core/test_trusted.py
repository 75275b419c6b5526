"""Trusted peers."""

from __future__ import annotations

import pytest

from gateway.core.trusted import address_of, is_address, is_trusted

TRUSTED = ("127.0.0.1", "10.0.0.0/8", "fd00::/8", "no network")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fd00::1"])
def test_listed_addresses_and_networks_are_trusted(address: str) -> None:
    """An address is trusted by itself or by a network that holds it."""
    assert is_trusted(address, TRUSTED)


@pytest.mark.parametrize("address", ["127.0.0.2", "11.0.0.1", "fe00::1", "", "10.1.2.3:80", "localhost"])
def test_everybody_else_is_a_stranger(address: str) -> None:
    """Other addresses, and what is no address, are not trusted."""
    assert not is_trusted(address, TRUSTED)


def test_only_an_address_is_an_address() -> None:
    """A port, a name or markup beside it is not taken."""
    assert is_address("::1")
    assert not any(map(is_address, ("1.2.3.4:80", "example.org", "<b>", "")))


@pytest.mark.parametrize(
    ("node", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:", None),
        ("192.0.2.1:123456", None),
        ("[192.0.2.1]:80", None),
        ("[2001:db8::1]80", None),
        ("[2001:db8::1", None),
        ("fe80::1%eth0", None),
        ("0192.0.2.1", None),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
    ],
)
def test_an_address_comes_with_or_without_a_port(node: str, address: str | None) -> None:
    """What proxies write is brought to one spelling; names, zones and obfuscated identifiers are no address."""
    assert address_of(node) == address
