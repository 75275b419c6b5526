from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.errors import UnreachableError, UsageError
from loadtests.pages import pages_for, routes_of
from loadtests.plan import LoadPlan
from loadtests.targets import addresses, host_option, reach, refuse_strangers
from tests.apps.load_target import table

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

PLAN = LoadPlan(Path("cutover.yaml"))


@pytest.fixture
def small(tmp_path: Path) -> RouteTable:
    """The table of the small load target, at port 1."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    return load_table(tmp_path / "cutover.yaml")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("gateway", {"gateway": "http://127.0.0.1:1"}),
        ("legacy", {"filtration": "http://127.0.0.1:1", "orchestration": "http://127.0.0.1:1"}),
    ],
)
def test_addresses_come_from_the_table(small: RouteTable, target: str, expected: dict[str, str]) -> None:
    """The gateway's public URL for one side, the services' legacy addresses for the other."""
    routes = routes_of(small, pages_for(small))
    assert addresses(replace(PLAN, target=target), small, routes) == expected


def test_an_override_takes_the_place_of_its_name(small: RouteTable) -> None:
    """--host replaces the gateway or one service, and nothing else."""
    hosts = host_option(small, ["http://127.0.0.1:9", "orchestration=http://[::1]:7/"])
    assert hosts == {"gateway": "http://127.0.0.1:9", "orchestration": "http://[::1]:7"}
    found = addresses(replace(PLAN, target="both", hosts=hosts), small, routes_of(small, pages_for(small)))
    assert found == {**hosts, "filtration": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    "value",
    ["ftp://h", "http://", "nobody=http://h", "filtration=h:1", "http://h/api", "h:80",
     "http://h:x", "http://h:99999", "http://[::1", "http://h?q", "http://h#f", "http://h\\@127.0.0.1",
     "http://user@127.0.0.1", "http://127.0.0.1@evil.example", "http://evil.example:80@127.0.0.1", "http://127。0。0。1",
     "http://h\t", "http://127.0.0.1\n.evil.example", "http:// h", "http://h;x", "http://[::1%25eth0]", "http:///h"],
)  # fmt: skip
def test_senseless_hosts_are_usage_errors(small: RouteTable, value: str) -> None:
    """A path, another scheme or an unknown service is refused with what to write."""
    with pytest.raises(UsageError, match="--host"):
        host_option(small, [value])


@pytest.mark.parametrize(
    "host",
    [
        "http://127.0.0.1:99",
        "http://127.9.9.9:1",
        "http://[::1]:1",
        "http://localhost:5",
        "http://[::ffff:127.0.0.1]:1",
    ],
)
def test_loopback_may_always_be_loaded(small: RouteTable, host: str) -> None:
    """Whatever is on this machine is the operator's own."""
    refuse_strangers(PLAN, small, {"gateway": host})


@pytest.mark.parametrize(
    "host",
    ["http://example.org", "http://10.0.0.9:8800", "http://127.0.0.1.evil.example", "http://2130706433", "http://0x7f.1",
     "http://127.1", "http://localhost.evil.example", "http://169.254.169.254"],
)  # fmt: skip
def test_strangers_are_refused_until_owned(small: RouteTable, host: str) -> None:
    """A host beyond the configuration needs --i-own-this-target with its very name."""
    name = host.removeprefix("http://").partition(":")[0]
    with pytest.raises(UsageError, match=f"--i-own-this-target {name}"):
        refuse_strangers(PLAN, small, {"gateway": host})
    refuse_strangers(replace(PLAN, owned=(name,)), small, {"gateway": host})


@pytest.mark.parametrize(
    ("owned", "host"),
    [
        ("EXAMPLE.org", "http://example.org"),
        ("[FD00:0::1]", "http://[fd00::1]:80"),
        ("::ffff:10.0.0.9", "http://10.0.0.9"),
    ],
)
def test_an_owned_host_is_known_in_every_spelling(small: RouteTable, owned: str, host: str) -> None:
    """Names in any case, addresses written long or short."""
    refuse_strangers(replace(PLAN, owned=(owned,)), small, {"gateway": host})


@pytest.mark.parametrize(
    "base", ["http://127.0.0.1@evil.example", "file:///etc/passwd", "http://127.0.0.1\\@evil.example"]
)
def test_addresses_from_the_environment_are_read_as_strictly(small: RouteTable, base: str) -> None:
    """CUTOVER_LOAD_HOSTS passes no option: what two readers could read differently is refused there too."""
    with pytest.raises(UsageError, match="can be loaded"):
        refuse_strangers(replace(PLAN, owned=("evil.example",)), small, {"gateway": base})


def test_configured_hosts_may_be_loaded(small: RouteTable) -> None:
    """Services' addresses and the gateway's are in the configuration, so nobody must say more."""
    service = replace(small.services["filtration"], legacy="http://10.1.2.3:8000")
    configured = replace(small, services={**small.services, "filtration": service})
    refuse_strangers(PLAN, configured, {"filtration": "http://10.1.2.3:8000"})


def test_every_dead_target_is_named() -> None:
    """Targets that take no connection are listed together, and living ones are not."""
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as alive,
        closing(socket.create_server(("127.0.0.1", 0))) as dead,
    ):
        bases = {name: f"http://127.0.0.1:{s.getsockname()[1]}" for name, s in (("up", alive), ("down", dead))}
        reach(bases)
        dead.close()
        with pytest.raises(
            UnreachableError, match=r"no load test: down at http://127.0.0.1:\d+ \(Connection refused\)"
        ):
            reach(bases)
