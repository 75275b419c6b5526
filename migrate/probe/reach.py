"""Where probes go: the configured addresses or others named, whether they may be asked, and whether they answer."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError, UsageError
from migrate.probe.result import GATEWAY, LEGACY
from migrate.replay.client import address_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

PRIVATE = "gateway-internal"
"""The name under which the gateway's internal listener stands among the addresses."""


def addresses(table: RouteTable, target: str, routes: Iterable[Route], named: Mapping[str, str]) -> dict[str, str]:
    """Base URLs by name: `gateway` and `gateway-internal`, or the services of these routes; `named` ones go first."""
    if target == GATEWAY:
        configured = {GATEWAY: table.policy.public_url, PRIVATE: f"http://{table.policy.internal_listen}"}
    else:
        services = [table.services[name] for name in dict.fromkeys(route.service for route in routes)]
        configured = {item.name: item.legacy if target == LEGACY else item.internal for item in services}
    return {name: named.get(name, url).rstrip("/") for name, url in configured.items()}


def named_hosts(table: RouteTable, values: Iterable[str]) -> dict[str, str]:
    """`--host NAME=URL` options as a mapping; a bare URL is the gateway's.

    Raises:
        UsageError: the name is neither a service nor the gateway, or the address no http(s) URL without a path.
    """
    known = (GATEWAY, PRIVATE, *table.services)
    found: dict[str, str] = {}
    for value in values:
        name, _, url = (GATEWAY, "", value) if "=" not in value else value.partition("=")
        if name not in known:
            raise UsageError(f"--host {value}: {name} is no place to ask; known: {', '.join(known)}")
        scheme, _, rest = url.partition("://")
        if scheme not in {"http", "https"} or not rest.rstrip("/") or set(rest.rstrip("/")) & set("/?# "):
            raise UsageError(f"--host {value}: write http://HOST:PORT, or NAME=http://HOST:PORT")
        found[name] = url
    return found


def refuse_strangers(table: RouteTable, bases: Mapping[str, str], owned: Collection[str]) -> None:
    """Refuse hosts that are neither configured, nor loopback, nor owned: probing a stranger is an attack.

    Raises:
        UsageError: naming the host and the option that takes responsibility for it.
    """
    policy = table.policy
    configured = [url for service in table.services.values() for url in (service.legacy, service.internal)]
    configured += [policy.public_url, f"http://{policy.listen}", f"http://{policy.internal_listen}"]
    known = {address_of(url)[0] for url in configured} | set(owned)
    for base in bases.values():
        host = address_of(base)[0]
        if host not in known and not _loopback(host):
            raise UsageError(
                f"{host} is no configured address and not loopback; to probe it all the same,"
                f" add --i-own-this-target {host}"
            )


def reach(bases: Mapping[str, str], timeout: float = 3.0) -> None:
    """Connect once to every address.

    Raises:
        UnreachableError: naming those that take no connection.
    """
    dead = []
    for name, base in bases.items():
        try:
            socket.create_connection(address_of(base), timeout).close()
        except (OSError, ValueError) as error:
            dead.append(f"{name} at {base} ({error})")
    if dead:
        raise UnreachableError(
            f"no probe was made: no answer from {'; '.join(dead)}; start it, or name its address with --host"
        )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
