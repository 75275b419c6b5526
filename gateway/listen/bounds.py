"""How much and how long a listener bears with one client."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.core.listening import Connections
    from gateway.core.resilience import ClientPolicy


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one listener; times in seconds, sizes in bytes.

    `idle` and `rate` hold for a body that a client sends, `idle` also for an answer that it does not take.
    """

    connections: int = 8192
    requests: int = 100_000
    head: int = 128 * 1024
    lines: int = 1024
    head_seconds: float = 15.0
    keep_alive: float = 75.0
    idle: float = 30.0
    rate: int = 500
    pipelined: int = 64
    streams: int = 100
    message: int = 16 * 1024 * 1024
    ping: float = 20.0
    linger: float = 2.0

    @property
    def tick(self) -> float:
        """Seconds between two looks at the connections: how late a limit may be noticed."""
        return min(0.5, min(self.head_seconds, self.keep_alive, self.idle, self.linger, self.ping) / 4)


@lru_cache(maxsize=8)
def bounds_of(connections: Connections, clients: ClientPolicy) -> Bounds:
    """What the policy says."""
    return Bounds(
        connections=connections.most,
        requests=connections.requests,
        head_seconds=connections.head,
        keep_alive=connections.keep_alive,
        idle=clients.idle,
        rate=clients.rate,
        streams=connections.streams,
        message=connections.message,
        ping=connections.ping,
    )


BODY_HELD = 1 << 16
"""Bytes of a request body that wait for the application before the client is paused."""
