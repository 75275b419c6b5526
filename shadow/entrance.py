"""Where a request came in, and so whose it is: at a service's listener, or at the proxy for legacy addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from shadow.forwarded import client_address, forwarded
from shadow.invisible import not_here
from shadow.legacy_address import by_legacy, folded
from shadow.modes import host_port, services_by_port

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Response
    from gateway.core.table import RouteTable


@dataclass(frozen=True, slots=True)
class Came:
    """How a request came in: the listener's port, its peer, the address that a proxy's client asks for, over TLS."""

    listener: int
    peer: str
    asked: tuple[str, int]
    tls: bool = False


class Entrance:
    """The doors of a table, which lets in what is the platform's and nothing else."""

    def __init__(self, table: RouteTable) -> None:
        self._table = table
        self._by_port = services_by_port(table)
        self._by_legacy = by_legacy(table)
        self._proxy = host_port(table.mirroring.proxy_listen)[1] if table.mirroring.proxy_listen else 0
        self._tls = bool(table.mirroring.tls.certificate)

    def proxied(self, came: Came) -> bool:
        """Whether it came to the proxy."""
        return came.listener == self._proxy

    def service(self, came: Came) -> str | None:
        """Whose request it is; None when no service has that address."""
        if self.proxied(came):
            return self._by_legacy.get(folded(*came.asked))
        return self._by_port.get(came.listener)

    def refused(self, came: Came) -> tuple[str, Response] | None:
        """Why it is not let in, as the reason that it counts under and the answer; None when it is."""
        name = self.service(came)
        if name is None:
            return "foreign", self._foreign(came)
        if self._tls and not came.tls and not self.proxied(came):
            return "plain", not_here(400, "this listener of the shadow speaks TLS: write https://")
        return None

    def tunnel_refused(self, came: Came) -> tuple[str, Response] | None:
        """The same for CONNECT (RFC 9110 §9.3.6)."""
        name = self.service(came) if self.proxied(came) else None
        if name is None:
            return "foreign", self._foreign(came)
        if self._table.services[name].legacy.startswith("https:") and not self._tls:
            said = f"{name} is called over TLS: the shadow needs a certificate for that, under shadow: tls"
            return "plain", not_here(403, said)
        return None

    def request(self, came: Came, method: str, target: str, headers: Headers) -> Request:
        """The request as the service gets it."""
        trusted = self._table.policy.trusted_proxies
        sent = forwarded(headers, came.peer, trusted, tls=came.tls, proxied=self.proxied(came))
        return Request(method, target, sent, client=client_address(headers, came.peer, trusted))

    def legacy(self, service: str) -> tuple[str, int, str]:
        """Host, port and scheme of a service's legacy address."""
        address = self._table.services[service].legacy
        return (*host_port(address), address.partition(":")[0])

    def _foreign(self, came: Came) -> Response:
        host, port = came.asked
        said = f"{host:.200}:{port} is no legacy address of {self._table.platform}: this proxy goes nowhere else"
        return not_here(403, said)
