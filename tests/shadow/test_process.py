from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from gateway.core.errors import UnreachableError
from shadow.modes import host_port
from shadow.process import main, run, running
from tests.apps.oddities import Oddities
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed, write_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


def test_a_taken_address_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A busy listener is one clear line with service, address and mend, before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = write_table(tmp_path, "127.0.0.1:9", listen=taken.getsockname()[1])
        with pytest.raises(UnreachableError, match="service svc: cannot listen on 127"):
            run(config, tmp_path / "c.db")
        with pytest.raises(UnreachableError, match="cannot listen"), running(config, tmp_path / "c.db"):
            pass
        with pytest.raises(SystemExit) as left:
            main(["--config", str(config), "--store", str(tmp_path / "c.db")])
        assert left.value.code == 4
        assert "cannot listen" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_clean(number: int, tmp_path: Path) -> None:
    """One ready line; on SIGTERM and SIGINT it exits 0 with no child left and its port free again."""
    config = write_table(tmp_path, "127.0.0.1:9")
    arguments = [sys.executable, "-m", "shadow.process", "--config", str(config), "--store", str(tmp_path / "c.db")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("shadow ready: svc http://127.0.0.1:")
        children = psutil.Process(process.pid).children()
        assert len(children) == 2
        process.send_signal(number)
        assert process.wait(8) == 0
        assert process.stdout.read() == ""
        assert not psutil.wait_procs(children, timeout=0)[1]
        socket.create_server(host_port(line.split()[-1])).close()


async def test_no_child_survives_a_killed_parent(tmp_path: Path) -> None:
    """Even when the parent is killed, proxy and worker end by themselves."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig:
        children = psutil.Process(rig.pid).children()
        psutil.Process(rig.pid).kill()
        assert not psutil.wait_procs(children, timeout=10)[1]


async def test_a_proxy_that_dies_is_started_again(tmp_path: Path) -> None:
    """When mitmdump is killed its listener comes back, and what it had counted stays counted."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig:
        async with RawClient(rig.url) as client:
            assert (await client.ask("GET", "/items/1")).status == 200
        assert await rig.settled(1) == {("items.get", "off", ""): 1}
        rig.children("mitmdump")[0].kill()
        address = host_port(rig.url)

        def accepts() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(address) == 0

        await rig.until(lambda: not accepts() or rig.children("mitmdump"), accepts)
        await rig.until(accepts, accepts)
        async with RawClient(rig.url) as client:
            assert (await client.ask("GET", "/items/1")).status == 200
        assert await rig.settled(2) == {("items.get", "off", ""): 2}
