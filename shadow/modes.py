"""The listeners of the shadow: one per service."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gateway.core.routes import Service
    from gateway.core.table import RouteTable


def host_port(address: str) -> tuple[str, int]:
    """Host and port of `host:port`, `[v6]:port` or a URL."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    return parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)


def gateway_at(table: RouteTable) -> tuple[str, int, str]:
    """Host, port and scheme of what serves from stage canary on: our public listener, or the candidate."""
    address = table.mirroring.candidate or f"http://{table.policy.listen}"
    return (*host_port(address), address.partition(":")[0])


def mode(service: Service) -> str:
    """The mitmproxy mode that listens for a service and forwards to its legacy address."""
    return f"reverse:{service.legacy.rstrip('/')}@{service.shadow_listen}"


def proxy_mode(table: RouteTable) -> str:
    """The mitmproxy mode of the HTTP proxy; empty when there is none."""
    listen = table.mirroring.proxy_listen
    return f"regular@{listen}" if listen else ""


def listeners(table: RouteTable) -> list[tuple[str, str]]:
    """Every address the shadow listens at, `host:port`, with a word on whose it is."""
    proxy = table.mirroring.proxy_listen
    each = [(f"service {service.name}", service.shadow_listen) for service in listening(table)]
    return [*each, ("shadow", proxy)] if proxy else each


def services_by_port(table: RouteTable) -> dict[int, str]:
    """Which service a listener's port belongs to."""
    return {host_port(service.shadow_listen)[1]: service.name for service in listening(table)}


def listening(table: RouteTable) -> list[Service]:
    """Services that have a listener."""
    return [service for service in table.services.values() if service.shadow_listen]
