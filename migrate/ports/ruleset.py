"""The nftables rule set that closes a port: one table per service, pure text."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# nft takes letters, digits, `_`, `-`, `.` and `/` in a name (nft(8), lexical conventions).
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,100}")


@dataclass(frozen=True, slots=True)
class Closing:
    """What is closed: a service's port, and the networks that keep access beside loopback."""

    service: str
    port: int
    allowed4: tuple[str, ...] = ()
    allowed6: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The name of the table, in the family inet."""
        return table_name(self.service)


def table_name(service: str) -> str:
    """The table that belongs to a service and to nobody else.

    Raises:
        RefusedError: the service's name cannot stand in a rule set.
    """
    if not _NAME.fullmatch(service):
        raise RefusedError(f"service name {service!r} cannot stand in an nftables rule set; rename the service")
    return f"cutover_{service}"


def closing(service: str, port: int, allow: Iterable[str]) -> Closing:
    """A closing with its allowed sources sorted by family; each is an address or a network in CIDR form.

    Raises:
        UsageError: a source is no address and no network.
    """
    networks = [_network(text) for text in allow]
    by_family = {
        version: tuple(
            str(network)
            for network in ipaddress.collapse_addresses(item for item in networks if item.version == version)  # type: ignore[type-var]
        )
        for version in (4, 6)
    }
    return Closing(service, port, by_family[4], by_family[6])


def script(wanted: Closing) -> str:
    """What `nft -f` applies in one transaction: the table anew, whatever stood in it before.

    The hook lies at priority raw (-300), before connection tracking (-200) and before Docker's DNAT (-100), so the
    port is still the one the client asked for. Only the first packet of a connection is refused: what is
    established drains. Traffic that this host forwards to others is not touched.
    """
    return _TEMPLATE.format(
        table=wanted.table,
        service=wanted.service,
        port=wanted.port,
        elements4=_elements(wanted.allowed4),
        elements6=_elements(wanted.allowed6),
    )


def removal(service: str) -> str:
    """What `nft -f` applies to take the closing back."""
    return f"delete table inet {table_name(service)}\n"


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UsageError(f"--allow {text}: write an address or a network, such as 10.0.0.5 or 10.0.0.0/24") from None


def _elements(networks: Sequence[str]) -> str:
    return f"\n    elements = {{ {', '.join(networks)} }}" if networks else ""


_TEMPLATE = """\
table inet {table}
delete table inet {table}
table inet {table} {{
  comment "Cutover: port {port} of {service} is closed; cutover ports reopen {service}"
  counter refused {{ }}
  counter allowed {{ }}
  set allowed4 {{
    type ipv4_addr
    flags interval{elements4}
  }}
  set allowed6 {{
    type ipv6_addr
    flags interval{elements6}
  }}
  chain prerouting {{
    type filter hook prerouting priority raw; policy accept;
    tcp dport != {port} accept
    iifname "lo" accept
    fib daddr type != local accept
    tcp flags & (fin | syn | rst | ack) != syn accept
    ip saddr @allowed4 counter name allowed accept
    ip6 saddr @allowed6 counter name allowed accept
    counter name refused reject with tcp reset
  }}
}}
"""
