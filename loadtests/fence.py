"""The last word on where load goes: every connection of a locust process is looked at before it is made.

Addresses are checked when a run is prepared; but a platform may answer with a redirect or a `ws_url`, a name may come
to mean another address, and plain locust has a field for a host. None gets past here, whichever client is used.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

from loadtests.targets import known_hosts, loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loadtests.prepare import Prepared

_AGAIN = 1.0
"""Seconds before names are resolved anew for an address that none of them had."""


def resolve(host: str) -> frozenset[str]:
    """The addresses a name has now; none when it has none."""
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(host, None))
    except OSError:
        return frozenset()


class Fence:
    """Loopback, the known hosts, and what their names resolve to; everything else is outside."""

    def __init__(
        self,
        hosts: Iterable[str],
        resolving: Callable[[str], frozenset[str]] = resolve,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts = frozenset(hosts)
        self._resolve, self._now = resolving, now
        self._addresses: frozenset[str] = frozenset()
        self._asked = -_AGAIN

    def permits(self, host: str) -> bool:
        """Whether a connection to this address, or to this name, stays inside."""
        try:
            found = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return host.lower() in self._hosts or self._local(host)
        found = getattr(found, "ipv4_mapped", None) or found
        # Where nobody listens in particular is this machine.
        return found.is_loopback or found.is_unspecified or str(found) in self._hosts or self._named(str(found))

    def _local(self, host: str) -> bool:
        return host == "localhost" and all(map(loopback, self._resolve(host)))

    def _named(self, address: str) -> bool:
        if address not in self._addresses and self._now() - self._asked >= _AGAIN:
            self._asked = self._now()
            self._addresses = frozenset().union(*map(self._resolve, self._hosts))
        return address in self._addresses


def fenced(prepared: Prepared) -> Fence:
    """The fence around what a run may load."""
    return Fence(known_hosts(prepared.plan, prepared.table))


def raise_around(fence: Fence, told: Callable[[str], None]) -> None:
    """From now on refuse connections of this process that leave the fence; `told` hears of each, in words.

    There is no way back: it holds for every library, until the process ends. Refused connections fail with EACCES.
    """

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in {"socket.connect", "socket.sendto"} or not isinstance(arguments[1], tuple):
            return
        host = str(arguments[1][0])
        if not fence.permits(host):
            told(f"refused to connect to {host}, which is neither configured, nor loopback, nor owned")
            raise PermissionError(errno.EACCES, f"{host} is not a target of this load test")

    sys.addaudithook(look)
