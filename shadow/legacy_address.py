"""Which service an address belongs to: host and port as clients know them, all loopback names being one host."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from shadow.modes import host_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.table import RouteTable

Address = tuple[str, int]


def by_legacy(table: RouteTable) -> Mapping[Address, str]:
    """Services by the address that clients call today; the first of two that share one."""
    found: dict[Address, str] = {}
    for name, service in table.services.items():
        found.setdefault(folded(*host_port(service.legacy)), name)
    return found


def by_any(table: RouteTable) -> Mapping[Address, str]:
    """The same, with the shadow's listeners behind the legacy addresses."""
    found = dict(by_legacy(table))
    for name, service in table.services.items():
        if service.shadow_listen:
            found.setdefault(folded(*host_port(service.shadow_listen)), name)
    return found


def folded(host: str, port: int) -> Address:
    """The address with its host in lower case, and one name for this machine."""
    host = host.strip("[]").rstrip(".").lower()
    return "loopback" if _is_loopback(host) else host, port


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False
