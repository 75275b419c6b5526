from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from gateway.core.errors import UnreachableError
from migrate.ports.connect import OPEN, REFUSED, UNREACHABLE, addresses_of, attempt, here, within
from tests.apps.namespaces import lab, serving


def test_a_listening_port_is_open_and_a_silent_one_refused() -> None:
    """Open while somebody listens, refused as soon as nobody does."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        assert attempt("127.0.0.1", port).outcome == OPEN
    assert attempt("127.0.0.1", port).outcome == REFUSED


def test_asking_the_own_host_is_noticed() -> None:
    """An address of the asking host is marked, one of somebody else is not."""
    with lab() as hosts, serving(hosts.host, 8080):
        assert attempt(hosts.from_outside[0], 8080, netns=hosts.host).same_host
        assert attempt(hosts.from_outside[1], 8080, netns=hosts.host).same_host
        assert not attempt(hosts.from_outside[0], 8080, netns=hosts.outside).same_host


def test_a_host_is_here_when_an_address_of_it_is() -> None:
    """Loopback is here, an address of the namespace is there, somebody else's is not."""
    assert here("127.0.0.1")
    with lab() as hosts:
        assert here(hosts.from_outside[1], hosts.host)
        assert not here(hosts.from_outside[0], hosts.outside)


def test_an_address_without_a_way_is_unreachable() -> None:
    """A network the namespace knows no route to is told apart from a refusal."""
    with lab() as hosts:
        assert attempt("10.99.0.1", 8080, netns=hosts.outside).outcome == UNREACHABLE


def test_only_the_action_enters_the_namespace() -> None:
    """The calling thread stays in the namespace it is in."""

    def here() -> int:
        return Path("/proc/thread-self/ns/net").stat().st_ino

    before = here()
    with lab() as hosts:
        assert within(hosts.host, here) != before
    assert here() == before


def test_faults_inside_come_out() -> None:
    """What the action raises in a namespace reaches the caller."""

    def fail() -> None:
        raise ValueError("inside")

    with lab() as hosts, pytest.raises(ValueError, match="inside"):
        within(hosts.host, fail)


@pytest.mark.skipif(os.geteuid() != 0, reason="entering a namespace needs root")
def test_an_unknown_namespace_is_unreachable() -> None:
    """A namespace that does not exist is one clear line."""
    with pytest.raises(UnreachableError, match="ip netns list"):
        attempt("127.0.0.1", 1, netns="cutover-no-such-place")


def test_an_address_stands_for_itself() -> None:
    """Addresses are not looked up, in either family."""
    assert addresses_of("127.0.0.1") == ["127.0.0.1"]
    assert addresses_of("::1") == ["::1"]


def test_an_unknown_host_name_is_unreachable() -> None:
    """The message names the option that helps."""
    with pytest.raises(UnreachableError, match="--address"):
        addresses_of("no-such-host.invalid")
