"""Whether the addresses of a table can be had, and lead anywhere but back."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.problem import Findings, Lined
    from gateway.core.policy import Policy
    from gateway.core.routes import Service

_PORTS = {"http": 80, "https": 443}


def check_addresses(policy: Policy, services: Mapping[str, Lined[Service]], findings: Findings) -> None:
    """Add a problem for each address that two listeners want, and for each by which a request would go round."""
    taken = {policy.listen: "the gateway", policy.internal_listen: "the gateway's internal listener"}
    for service in services.values():
        listen = service.value.shadow_listen
        holder = next((who for other, who in taken.items() if listen and collide(listen, other)), "")
        if holder:
            findings.add(
                service.line,
                f"service {service.value.name}: shadow_listen {listen} is taken by {holder}",
                "write another port",
            )
        elif listen:
            taken[listen] = f"service {service.value.name}"
    for service in services.values():
        _check_circles(service, policy, services, findings)


def collide(one: str, other: str) -> bool:
    """Whether two listeners cannot both have their addresses: the same one, or one port on every address."""
    (host, _, port), (other_host, _, other_port) = one.rpartition(":"), other.rpartition(":")
    if port != other_port or int(port) == 0:
        return False
    hosts = {_plain(host), _plain(other_host)}
    return len(hosts) == 1 or any(_is_any(name) for name in hosts)


def _check_circles(
    service: Lined[Service], policy: Policy, services: Mapping[str, Lined[Service]], findings: Findings
) -> None:
    shadows = {it.value.shadow_listen: f"where the shadow stands in for {name}" for name, it in services.items()}
    own = {policy.listen: "where the gateway listens", policy.internal_listen: "where the gateway listens internally"}
    # The gateway may take over the address that clients call today; what it calls itself is another one then.
    for key, url, listeners in (
        ("legacy", service.value.legacy, shadows),
        ("internal", service.value.internal, own | shadows),
    ):
        for listen, what in listeners.items():
            if url and listen and _leads_to(url, listen):
                findings.add(
                    service.line,
                    f"service {service.value.name}: {key} {url} is {what}, so requests would go round",
                    f"write {key}: the service's own address",
                )


def _leads_to(url: str, listen: str) -> bool:
    parts = urlsplit(url)
    host, _, port = listen.rpartition(":")
    if int(port) != (parts.port or _PORTS[parts.scheme]):
        return False
    called, bound = _plain(parts.hostname or ""), _plain(host)
    return called == bound or (_is_any(bound) and _is_loopback(called))


def _plain(host: str) -> str:
    name = host.strip("[]").lower()
    return "127.0.0.1" if name == "localhost" else name


def _is_any(host: str) -> bool:
    return host in {"0.0.0.0", "::"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
