from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loadtests.fence import Fence, resolve
from tests.apps.load_target import CREDENTIALS, running

ROOT = Path(__file__).parent.parent.parent
NAMES = {"gateway.example": {"10.1.2.3", "fd00::1"}, "localhost": {"127.0.0.1", "::1"}, "other.example": {"10.6.6.6"}}
_STRANGER = "192.0.2.1"
"""An address that is nobody's (RFC 5737)."""


class Resolver:
    """Names as a test says, and how often they were asked for."""

    def __init__(self, **names: set[str]) -> None:
        self.names: dict[str, set[str]] = {**NAMES, **names}
        self.asked = 0

    def __call__(self, host: str) -> frozenset[str]:
        self.asked += 1
        return frozenset(self.names.get(host, ()))


def fence(resolver: Resolver | None = None, now: Any = lambda: 0.0) -> Fence:
    """Around one configured name and one configured address."""
    return Fence(("gateway.example", "10.0.0.7"), resolver or Resolver(), now)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::", "localhost", "10.0.0.7", "::ffff:10.0.0.7",
     "10.1.2.3", "fd00::1", "fd00::1%eth0", "gateway.example", "GATEWAY.example"],
)  # fmt: skip
def test_what_was_named_is_inside(host: str) -> None:
    """Loopback in every spelling, configured addresses, configured names and what they resolve to."""
    assert fence().permits(host)


@pytest.mark.parametrize(
    "host",
    ["192.0.2.1", "::ffff:192.0.2.1", "10.6.6.6", "other.example", "2130706433", "0x7f.1", "127.1", "fe80::1", "",
     "localhost.evil.example", "169.254.169.254"],
)  # fmt: skip
def test_everything_else_is_outside(host: str) -> None:
    """Strangers by address and by name, and spellings that one reader takes for an address and another for a name."""
    assert not fence().permits(host)


def test_localhost_is_only_what_is_local() -> None:
    """A machine on which the name was given to somebody else is not loaded by that name."""
    assert not fence(Resolver(localhost={"127.0.0.1", "203.0.113.9"})).permits("localhost")


def test_a_name_may_move_but_is_not_asked_for_each_time() -> None:
    """A configured name stays the operator's when it gets another address; strangers cost one look-up a second."""
    resolver, time = Resolver(), [0.0]
    found = fence(resolver, lambda: time[0])
    assert not found.permits("10.9.9.9")
    resolver.names["gateway.example"] = {"10.9.9.9"}
    asked = resolver.asked
    assert not found.permits("10.9.9.9")
    assert resolver.asked == asked
    time[0] = 1.0
    assert found.permits("10.9.9.9")


def test_the_systems_resolver_is_asked() -> None:
    """An address is its own; a name without any has none."""
    assert resolve("127.0.0.1") == {"127.0.0.1"}
    assert resolve("no-such-name.invalid") == frozenset()


TRY = """
import json, socket, sys
from loadtests.fence import Fence, raise_around
told = []
raise_around(Fence(()), told.append)
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname()).close()
left, right = socket.socketpair()
left.sendall(b"unix sockets are nobody's business")
found = []
for family, address in ((socket.AF_INET, ("192.0.2.1", 80)), (socket.AF_INET6, ("2001:db8::1", 80, 0, 0))):
    for name in ("connect", "connect_ex", "sendto"):
        kind = socket.SOCK_DGRAM if name == "sendto" else socket.SOCK_STREAM
        arguments = (b"x", address) if name == "sendto" else (address,)
        try:
            getattr(socket.socket(family, kind), name)(*arguments)
        except PermissionError:
            found.append(name)
import urllib.request
try:
    urllib.request.urlopen("http://192.0.2.1:1/", timeout=1)
except OSError as error:
    found.append(type(getattr(error, "reason", error)).__name__)
from websockets.sync.client import connect
try:
    connect("ws://192.0.2.1:1/nosana", open_timeout=1, proxy=None)
except OSError as error:
    found.append(type(error).__name__)
print(json.dumps([found, told]))
"""


def test_no_connection_of_the_process_leaves_the_fence() -> None:
    """Whatever makes it, over TCP or UDP; loopback and sockets without an address are as they were."""
    done = subprocess.run([sys.executable, "-c", TRY], cwd=ROOT, capture_output=True, text=True, check=True)
    found, told = json.loads(done.stdout)
    assert found == ["connect", "connect_ex", "sendto"] * 2 + ["PermissionError"] * 2
    assert told[0].startswith(f"refused to connect to {_STRANGER}, which is neither")
    assert len(told) == 8


LURED = """
from loadtests import locustfile
from loadtests.users import dashboard

class DashboardUser(dashboard.DashboardUser):
    def on_start(self):
        self.client.get("http://192.0.2.1:81/stolen", name="absolute")
        self.client.get("/from-the-host-field", name="relative")
        self.environment.runner.quit()
"""


@pytest.mark.proof
def test_plain_locust_cannot_be_pointed_at_a_stranger(tmp_path: Path) -> None:
    """Neither its host option, which is the web UI's field, nor an address from an answer gets load out."""
    (tmp_path / "lured.py").write_text(LURED)
    with running(tmp_path) as target:
        variables = {"CUTOVER_CONFIG": str(target.config), "PYTHONPATH": str(ROOT), **CREDENTIALS}
        command = [sys.executable, "-m", "locust", "-f", str(tmp_path / "lured.py"), "DashboardUser", "--headless"]
        done = subprocess.run(
            [*command, "--host", "http://192.0.2.2:82", "-u", "1", "--run-time", "20s", "--only-summary"],
            env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=50,
        )  # fmt: skip
    assert "192.0.2.1 is not a target of this load test" in done.stdout + done.stderr
    assert "192.0.2.2 is not a target of this load test" in done.stdout + done.stderr
