"""Bounds."""

from __future__ import annotations

from gateway.core.listening import Connections
from gateway.core.resilience import ClientPolicy
from gateway.listen.bounds import Bounds, bounds_of


def test_defaults_of_the_listener_are_those_of_the_policy() -> None:
    """A listener without a policy bears with clients as one with the default policy does."""
    assert bounds_of(Connections(), ClientPolicy()) == Bounds()


def test_policy_decides() -> None:
    """Each setting is the bound of its name."""
    found = bounds_of(Connections(1, 2, 3, 4.0, 5.0, 6.0, 7), ClientPolicy(idle=8.0, rate=9))
    assert (found.connections, found.requests, found.streams, found.head_seconds) == (1, 2, 3, 4.0)
    assert (found.keep_alive, found.ping, found.message, found.idle, found.rate) == (5.0, 6.0, 7, 8.0, 9)


def test_limits_are_noticed_soon() -> None:
    """A look comes at least twice a second, and four times within the shortest limit."""
    assert Bounds().tick == 0.5
    assert Bounds(head_seconds=0.4).tick == 0.1
