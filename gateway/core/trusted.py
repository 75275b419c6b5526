"""Which peers are believed when they name the client."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


_PORT = re.compile(r":\d{1,5}")


def is_trusted(address: str, trusted: Sequence[str]) -> bool:
    """Whether an address stands in the list of addresses and networks."""
    return address in trusted or _in_networks(address, tuple(trusted))


def is_address(text: str) -> bool:
    """Whether a text is an IP address and nothing else."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def address_of(node: str) -> str | None:
    """The IP address in `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80` (RFC 7239 §6); else None.

    One address has one spelling: IPv4 mapped into IPv6 comes back as IPv4, and zones are refused.
    """
    if node.startswith("["):
        node, bracket, port = node[1:].partition("]")
        if not bracket or (port and not _PORT.fullmatch(port)) or ":" not in node:
            return None
    elif node.count(":") == 1:
        node, _, port = node.partition(":")
        if not _PORT.fullmatch(":" + port):
            return None
    if "%" in node:
        return None
    try:
        parsed = ipaddress.ip_address(node)
    except ValueError:
        return None
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


@lru_cache(maxsize=4096)
def _in_networks(address: str, trusted: tuple[str, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(entry, strict=False) for entry in trusted if _is_network(entry))


def _is_network(entry: str) -> bool:
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    return True
