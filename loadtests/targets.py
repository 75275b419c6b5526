"""Where the load goes: base addresses, which hosts are allowed, and whether they answer."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.core.errors import UnreachableError, UsageError
from loadtests.results import GATEWAY, LEGACY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from loadtests.plan import LoadPlan

_DEFAULT_PORTS = {"http": 80, "https": 443}


def host_option(table: RouteTable, values: Iterable[str]) -> dict[str, str]:
    """`--host URL` (the gateway) and `--host SERVICE=URL` as a mapping of names to base addresses.

    Raises:
        UsageError: the name is no service, or the address no http(s) URL without a path.
    """
    hosts: dict[str, str] = {}
    for value in values:
        name, _, url = ("", "", value) if value.startswith(("http://", "https://")) else value.partition("=")
        name = name or GATEWAY
        if name != GATEWAY and name not in table.services:
            raise UsageError(f"--host {value}: {name} is no service; known: {', '.join(sorted(table.services))}")
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
            raise UsageError(f"--host {value}: write http://HOST:PORT, or SERVICE=http://HOST:PORT")
        hosts[name] = f"{parts.scheme}://{parts.netloc}"
    return hosts


def addresses(plan: LoadPlan, table: RouteTable, routes: Iterable[Route]) -> dict[str, str]:
    """The base addresses that these routes need, by `gateway` or service name; overrides taken in."""
    out: dict[str, str] = {}
    for route in routes:
        if GATEWAY in plan.sides:
            out[GATEWAY] = plan.hosts.get(GATEWAY, table.policy.public_url).rstrip("/")
        if LEGACY in plan.sides:
            configured = table.services[route.service].legacy
            out[route.service] = plan.hosts.get(route.service, configured).rstrip("/")
    return out


def refuse_strangers(plan: LoadPlan, table: RouteTable, bases: Mapping[str, str]) -> None:
    """Refuse hosts that are neither configured, nor loopback, nor owned: load on a stranger is an attack.

    Raises:
        UsageError: naming the host and the option that takes responsibility for it.
    """
    known = {_host(url) for service in table.services.values() for url in (service.legacy, service.internal)}
    known |= {_host(table.policy.public_url), _host(f"//{table.policy.listen}"), *plan.owned}
    for base in bases.values():
        host = _host(base)
        if host not in known and not _loopback(host):
            raise UsageError(
                f"{host} is not an address of {plan.config} and not loopback; to put load on it all the same,"
                f" add --i-own-this-target {host}"
            )


def reach(bases: Mapping[str, str], timeout: float = 3.0) -> None:
    """Connect once to every address.

    Raises:
        UnreachableError: naming those that do not take a connection.
    """
    dead = []
    for name, base in bases.items():
        parts = urlsplit(base)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        try:
            with contextlib.closing(socket.create_connection((parts.hostname, port), timeout)):
                pass
        except OSError as error:
            dead.append(f"{name} at {base} ({error.strerror or error})")
    if dead:
        raise UnreachableError(f"no load test: {'; '.join(dead)}; start it, or name another address with --host")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
