"""How long the gateway bears with a failing service, and with a slow client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """A service is left alone after a share of `failures` among `least` or more requests in `window` seconds.

    That lasts for `open` seconds, after which `trials` requests try whether it answers again.
    """

    failures: float = 0.5
    least: int = 20
    window: float = 10.0
    open: float = 5.0
    trials: int = 3


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How many requests to a service may be tried again: a `share` of recent ones, and `floor` a second besides."""

    share: float = 0.1
    floor: float = 1.0


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """How slow a client may be: `idle` seconds of silence, and `rate` bytes a second on average.

    Both hold for a body that the client sends; `idle` also for an answer that it does not take.
    """

    idle: float = 30.0
    rate: int = 500
