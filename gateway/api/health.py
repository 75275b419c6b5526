"""How each service is, as its own health page says: asked seldom, for everybody at once, and without an address."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.ask import ask
from gateway.circuit import State
from gateway.core.routes import Timeouts
from gateway.transport.errors import ConnectTimedOut, Silent, TransportError

if TYPE_CHECKING:
    from gateway.circuit import Circuits
    from gateway.core.routes import Service
    from gateway.core.table import RouteTable
    from gateway.transport.pool import Pool

FRESH = 5.0
"""Seconds for which an answer stands."""
_PATIENCE = Timeouts(connect=1.0, first_byte=2.0, idle=2.0)
_FINE = range(200, 300)


class ServicesHealth:
    """The states of the table's services, `FRESH` seconds old at most; who asks meanwhile waits for the same look."""

    def __init__(self, pool: Pool, circuits: Circuits) -> None:
        self._pool = pool
        self._circuits = circuits
        self._lock = asyncio.Lock()
        self._seen: tuple[RouteTable, float, dict[str, Any]] | None = None

    async def of(self, table: RouteTable) -> dict[str, Any]:
        """`status` (healthy, partial, degraded), `version` and `services`, the gateway itself first."""
        async with self._lock:
            seen = self._seen
            if seen is None or seen[0] is not table or time.monotonic() - seen[1] > FRESH:
                seen = self._seen = (table, time.monotonic(), await self._look(table))
            return seen[2]

    async def _look(self, table: RouteTable) -> dict[str, Any]:
        services = [service for service in table.services.values() if service.health]
        found = await asyncio.gather(*(self._state(table, service) for service in services))
        states = {item["status"] for item in found}
        status = "degraded" if "offline" in states else "partial" if "degraded" in states else "healthy"
        own = _told("API Gateway", "online", latency_ms=0.0)
        return {"status": status, "version": table.policy.build or __version__, "services": [own, *found]}

    async def _state(self, table: RouteTable, service: Service) -> dict[str, Any]:
        title = service.title or service.name
        started = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE.connect + _PATIENCE.first_byte):
                reply = await ask(self._pool, service.internal, service.health, timeouts=_PATIENCE)
        except (ConnectTimedOut, Silent, TimeoutError):
            return _told(title, "offline", error="Timeout")
        except TransportError:
            return _told(title, "offline", error="Not reachable")
        latency = round((time.perf_counter() - started) * 1000, 2)
        if (
            self._circuits.of(service).state(table.policy.circuit, asyncio.get_running_loop().time())
            is not State.CLOSED
        ):
            return _told(title, "degraded", latency_ms=latency, error="Left alone since it failed too often")
        if reply.status in _FINE:
            return _told(title, "online", latency_ms=latency)
        return _told(title, "degraded", latency_ms=latency, error=f"HTTP {reply.status}")


def _told(name: str, status: str, *, latency_ms: float | None = None, error: str | None = None) -> dict[str, Any]:
    return {"name": name, "status": status, "latency_ms": latency_ms, "error": error}
