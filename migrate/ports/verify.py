"""Proof that a port is closed: asked from outside, while the service lives and the gateway answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from migrate.ports.connect import OPEN, REFUSED, SILENT, Attempt, addresses_of, attempt, within
from migrate.ports.plan import port_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.core.routes import Service
    from gateway.core.table import RouteTable


@dataclass(frozen=True, slots=True)
class Places:
    """From where is asked: `outside` and `gateway` are network namespaces, empty for this process's own."""

    outside: str = ""
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found. `gateway_status` is what the gateway answered from outside, 0 for nothing."""

    service: str
    outside: tuple[Attempt, ...]
    inside: tuple[Attempt, ...]
    gateway_url: str
    gateway_status: int

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this is no proof; empty when it is one."""
        return tuple(self._reasons())

    @property
    def passed(self) -> bool:
        """Whether the port is proven closed and the gateway proven to serve."""
        return not self.reasons

    def _reasons(self) -> Iterator[str]:
        for found in self.outside:
            if found.same_host:
                yield (
                    f"{found.address} belongs to the host that asked, for which the port stays open:"
                    " ask with --from NETNS, or on another machine"
                )
            elif found.outcome == OPEN:
                yield f"port {found.port} on {found.address} still takes connections"
            elif found.outcome == SILENT:
                yield f"{found.address} gives no answer on port {found.port}: dropped or away, which proves nothing"
            elif found.outcome != REFUSED:
                yield f"there is no way to {found.address} from the place that asked"
        if not any(found.outcome == OPEN for found in self.inside):
            yield "the service does not answer the gateway either: a dead service refuses everybody"
        server_error = 500
        if not self.gateway_status or self.gateway_status >= server_error:
            said = self.gateway_status or "no answer"
            yield f"the gateway does not serve from there: {self.gateway_url} gave {said}"

    def to_json(self) -> dict[str, Any]:
        """The document of `--json` and of the audit trail."""
        return {
            "service": self.service,
            "passed": self.passed,
            "reasons": list(self.reasons),
            "outside": [asdict(found) for found in self.outside],
            "inside": [asdict(found) for found in self.inside],
            "gateway": {"url": self.gateway_url, "status": self.gateway_status},
        }


def verify(
    table: RouteTable, service: Service, places: Places, addresses: Iterable[str] = (), timeout: float = 3.0
) -> Verification:
    """Ask the legacy port from outside, the internal address from the gateway's place, and the gateway from outside.

    `addresses` are asked beside those of the configured legacy host: IPv6, further interfaces.

    Raises:
        UnreachableError: a namespace does not exist or may not be entered, or a host name is not known.
    """
    wanted = [*addresses_of(urlsplit(service.legacy).hostname or ""), *addresses]
    outside = [
        attempt(address, port_of(service.legacy), netns=places.outside, timeout=timeout)
        for address in dict.fromkeys(wanted)
    ]
    internal = addresses_of(urlsplit(service.internal).hostname or "")
    inside = [
        attempt(address, port_of(service.internal), netns=places.gateway, timeout=timeout) for address in internal
    ]
    url = table.policy.public_url.rstrip("/") + _gateway_path(table, service)
    status = within(places.outside, lambda: _status(url))
    return Verification(service.name, tuple(outside), tuple(inside), url, status)


def _gateway_path(table: RouteTable, service: Service) -> str:
    """A path of this service at the gateway that takes no parameters; `/` when there is none."""
    exposed = (route.gateway for route in table.routes if route.service == service.name and route.gateway is not None)
    return next((target.path.text for target in exposed if target.method == "GET" and not target.path.names), "/")


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5, trust_env=False, follow_redirects=False).status_code
    except httpx.HTTPError:
        return 0
