from __future__ import annotations

import socket

import pytest

from gateway.core.errors import UsageError
from loadtests.runners import Runners, master_address, refuse_taken, worker_arguments


def test_headless_is_the_default() -> None:
    """Without any option locust runs alone and shows no page."""
    assert (Runners().arguments(), Runners().awaited, Runners().patience) == (["--headless"], 0, 0.0)


def test_forked_workers_meet_on_this_machine_alone() -> None:
    """Nobody from outside can come to a master whose workers are its own children; two runs do not meet."""
    first, second = Runners(processes=2).arguments(), Runners(processes=2).arguments()
    assert first[:3] == ["--headless", "--processes", "2"]
    assert first[first.index("--master-bind-host") + 1] == "127.0.0.1"
    assert first[-1] == first[-3] != second[-1]


def test_a_master_waits_for_its_workers() -> None:
    """Named machines and expected ones count; it is open to the network only when somebody comes from there."""
    here = Runners(workers=("localhost", "127.0.0.1"))
    assert (here.here, here.elsewhere, here.awaited) == (2, (), 2)
    assert here.arguments()[here.arguments().index("--master-bind-host") + 1] == "127.0.0.1"
    away = Runners(workers=("load-1", "localhost"), expect=3)
    assert (away.here, away.elsewhere, away.awaited) == (1, ("load-1",), 3)
    assert away.arguments()[away.arguments().index("--master-bind-host") + 1] == "*"
    assert away.arguments()[away.arguments().index("--expect-workers") + 1] == "3"
    assert away.patience > 0
    own = Runners(expect=1, bind="10.0.0.1").arguments()
    assert own[own.index("--master-bind-host") + 1] == "10.0.0.1"


def test_the_web_page_starts_and_ends_with_the_run() -> None:
    """Locust's page is on loopback, the load begins by itself and the command ends with it."""
    found = Runners(web_port=8089).arguments()
    assert "--headless" not in found
    assert {"--autostart", "--autoquit"} < set(found)
    assert found[found.index("--web-host") + 1] == "127.0.0.1"


@pytest.mark.parametrize(
    "wrong", [{"processes": -1}, {"processes": 2, "expect": 2}, {"expect": -1}, {"port": 0}, {"web_port": 65_536}]
)
def test_what_does_not_go_together_is_refused(wrong: dict[str, int]) -> None:
    """Either locust forks its workers, or it waits for others; ports are ports."""
    with pytest.raises(UsageError):
        Runners(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("option", ["--web-port", "--master-port"])
def test_a_taken_port_is_refused(option: str) -> None:
    """Before anything starts, with the option that names another; a free one is let go again."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        wanted = Runners(web_port=port) if option == "--web-port" else Runners(workers=("localhost",), port=port)
        with pytest.raises(UsageError, match=rf"{option} {port}: .*127\.0\.0\.1:{port} .*name another"):
            refuse_taken(wanted)
        refuse_taken(Runners(port=port))
    refuse_taken(wanted)
    refuse_taken(wanted)


def test_masters_are_named_with_or_without_a_port() -> None:
    """The port is locust's own unless one is given."""
    assert (master_address("load-1"), master_address("load-1:77"), master_address("::1")) == (
        ("load-1", 5557),
        ("load-1", 77),
        ("::1", 5557),
    )
    assert worker_arguments("load-1", 77, 2)[-2:] == ["--processes", "2"]
    for wrong in ("load-1:x", ":77"):
        with pytest.raises(UsageError, match="HOST:PORT"):
            master_address(wrong)
