from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import RefusedError, UnreachableError
from migrate.ports import nft as module
from migrate.ports.connect import OPEN, REFUSED, attempt, within
from migrate.ports.nft import Counters, Nft
from migrate.ports.ruleset import closing, script
from tests.apps.namespaces import PORT, Lab, lab, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

_BYSTANDER = """
table inet bystander {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    tcp dport 9 dnat ip to 10.201.0.2:9
  }
}
"""

_PUBLISHED = """
table ip docker {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local tcp dport 8090 dnat to 10.202.0.2:80
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    masquerade
  }
}
"""
_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


@pytest.fixture
def hosts() -> Iterator[Lab]:
    """Three connected hosts; the legacy port is served on the first."""
    with lab() as built, serving(built.host, PORT):
        yield built


def test_closing_refuses_outsiders_only(hosts: Lab) -> None:
    """From outside IPv4 and IPv6 are reset, while the allowed source and loopback go on; removal restores all."""
    everything_open = {"outside": {OPEN}, "allowed": {OPEN}, "loopback": {OPEN}}
    assert hosts.outcomes() == everything_open
    nft = Nft(hosts.host)
    nft.apply(script(closing("orchestration", PORT, hosts.allowed_sources)))
    assert hosts.outcomes() == {"outside": {REFUSED}, "allowed": {OPEN}, "loopback": {OPEN}}
    nft.remove("orchestration")
    assert hosts.outcomes() == everything_open


def test_without_allowed_sources_loopback_alone_keeps_access(hosts: Lab) -> None:
    """Empty sets are valid, and nobody beside the host itself gets in."""
    Nft(hosts.host).apply(script(closing("orchestration", PORT, ())))
    assert hosts.outcomes() == {"outside": {REFUSED}, "allowed": {REFUSED}, "loopback": {OPEN}}


def test_counters_count_connections(hosts: Lab) -> None:
    """Refused and allowed connections are counted, over both families; loopback is not."""
    nft = Nft(hosts.host)
    assert nft.counters("orchestration") is None
    nft.apply(script(closing("orchestration", PORT, hosts.allowed_sources)))
    hosts.outcomes()
    assert nft.counters("orchestration") == Counters(refused=2, allowed=2)


def test_other_ports_and_other_tables_are_not_touched(hosts: Lab) -> None:
    """Another port of the host stays open, and a stranger's table is the same before, while closed and after."""
    hosts.nft("-f", "-", script=_BYSTANDER)
    before = hosts.nft("list", "ruleset")
    nft = Nft(hosts.host)
    with serving(hosts.host, 8081):
        nft.apply(script(closing("orchestration", PORT, ())))
        assert hosts.nft("list", "table", "inet", "bystander") == before
        assert attempt(hosts.from_outside[0], 8081, netns=hosts.outside).outcome == OPEN
    nft.remove("orchestration")
    assert hosts.nft("list", "ruleset") == before


def test_a_published_container_port_is_closed_before_its_translation(hosts: Lab) -> None:
    """A port that DNAT sends to another namespace, as Docker does, is refused before that happens."""
    hosts.nft("-f", "-", script=_PUBLISHED)
    within(hosts.host, lambda: _FORWARD.write_text("1"))
    with serving(hosts.allowed, 80):
        assert attempt(hosts.from_outside[0], 8090, netns=hosts.outside).outcome == OPEN
        Nft(hosts.host).apply(script(closing("orchestration", 8090, ())))
        assert attempt(hosts.from_outside[0], 8090, netns=hosts.outside).outcome == REFUSED
        Nft(hosts.host).remove("orchestration")
        assert attempt(hosts.from_outside[0], 8090, netns=hosts.outside).outcome == OPEN


def test_traffic_to_others_passes(hosts: Lab) -> None:
    """What this host only forwards is not its port, and stays untouched."""
    within(hosts.host, lambda: _FORWARD.write_text("1"))
    hosts.run("-n", hosts.outside, "route", "add", "10.202.0.0/24", "via", hosts.from_outside[0])
    hosts.run("-n", hosts.allowed, "route", "add", "10.201.0.0/24", "via", hosts.from_allowed[0])
    Nft(hosts.host).apply(script(closing("orchestration", PORT, ())))
    with serving(hosts.allowed, PORT):
        assert attempt(hosts.allowed_sources[0], PORT, netns=hosts.outside).outcome == OPEN
        assert hosts.outcomes()["outside"] == {REFUSED}


def test_applying_twice_gives_the_same_rules(hosts: Lab) -> None:
    """A second application replaces the table by an equal one."""
    nft = Nft(hosts.host)
    text = script(closing("orchestration", PORT, hosts.allowed_sources))
    nft.apply(text)
    first = nft.listing("orchestration")
    nft.apply(text)
    assert nft.listing("orchestration") == first
    assert first.count("chain") == 1


def test_an_established_connection_drains(hosts: Lab) -> None:
    """What was connected before the port closed still gets its answer."""
    address = (hosts.from_outside[0], PORT)
    with within(hosts.outside, lambda: socket.create_connection(address, 3)) as early:
        Nft(hosts.host).apply(script(closing("orchestration", PORT, ())))
        early.sendall(b"GET /late HTTP/1.0\r\n\r\n")
        assert early.recv(100).startswith(b"HTTP/1.0 200")
    assert hosts.outcomes()["outside"] == {REFUSED}


def test_a_script_nft_does_not_take_changes_nothing(hosts: Lab) -> None:
    """One wrong line refuses the whole transaction, and the message says so."""
    nft = Nft(hosts.host)
    nft.apply(script(closing("orchestration", PORT, ())))
    before = hosts.nft("list", "ruleset")
    with pytest.raises(RefusedError, match="nothing was changed"):
        nft.apply("delete table inet cutover_orchestration\nthis is no rule\n")
    assert hosts.nft("list", "ruleset") == before


def test_nothing_listed_means_not_closed(hosts: Lab) -> None:
    """A service without a table has an empty listing."""
    assert Nft(hosts.host).listing("orchestration") == ""


def test_an_unknown_namespace_is_unreachable() -> None:
    """A namespace that does not exist is one clear line."""
    with lab(), pytest.raises(UnreachableError, match="ip netns list"):
        Nft("cutover-no-such-place").listing("data")


def test_a_missing_nft_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where nft is not installed, the message says what to install."""
    monkeypatch.setattr(module, "_PATH", str(tmp_path))
    with pytest.raises(UnreachableError, match="install the package nftables"):
        Nft().listing("data")


@pytest.mark.parametrize("said", ["Operation not permitted (you must be root)", "netlink: Operation not permitted"])
def test_missing_rights_are_said_plainly(said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without CAP_NET_ADMIN the message asks for root, and nothing else of nft's output is shown."""
    program = tmp_path / "nft"
    program.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setattr(module, "_PATH", str(tmp_path))
    with pytest.raises(UnreachableError, match="needs root"):
        Nft().apply("")
