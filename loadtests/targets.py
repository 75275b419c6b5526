"""Where the load goes: base addresses, which hosts are allowed, and whether they answer."""

from __future__ import annotations

import contextlib
import ipaddress
import re
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
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


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
        hosts[name] = base_address(url, f"--host {value}: write http://HOST:PORT, or SERVICE=http://HOST:PORT")
    return hosts


def base_address(url: str, refusal: str) -> str:
    """The address spelled so that every reader of URLs finds the same host in it: scheme, host and port, no more.

    Raises:
        UsageError: with `refusal`, when anything else is there, such as a user name, a path or a backslash.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageError(refusal) from None
    plain = f"{parts.scheme}://{_bracketed(host)}" + ("" if port is None else f":{port}")
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host) or plain != url.rstrip("/").lower():
        raise UsageError(refusal)
    return plain


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
    known = known_hosts(plan, table)
    for name, base in bases.items():
        host = _host(base_address(base, f"{base} is no address of {name} that can be loaded; write http://HOST:PORT"))
        if host not in known and not loopback(host):
            raise UsageError(
                f"{host} is not an address of {plan.config} and not loopback; to put load on it all the same,"
                f" add --i-own-this-target {host}"
            )


def known_hosts(plan: LoadPlan, table: RouteTable) -> frozenset[str]:
    """Hosts that may be loaded besides loopback: those the configuration names, and those the operator owns."""
    urls = [url for service in table.services.values() for url in (service.legacy, service.internal)]
    hosts = {_host(url) for url in (*urls, table.policy.public_url, f"//{table.policy.listen}")}
    return frozenset((hosts | {_same(host) for host in plan.owned}) - {""})


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


def loopback(host: str) -> bool:
    """Whether a host is this machine: an address of it, or the name `localhost`."""
    found = _address(host)
    return host == "localhost" if found is None else found.is_loopback


def _host(url: str) -> str:
    return _same(urlsplit(url).hostname or "")


def _same(host: str) -> str:
    """One spelling of each host: names in lower case, addresses as they are written shortest."""
    found = _address(host.strip("[]"))
    return host.lower() if found is None else str(found)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        # Names are asked of the resolver, which may read 2130706433 or 0x7f.1 as an address: such are strangers.
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
