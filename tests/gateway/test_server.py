"""The gateway process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.core.errors import UnreachableError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.server import serving
from gateway.store.database import open_store
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    Stored = tuple[Path, FlagStore]

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from pathlib import Path
from dataclasses import replace
from gateway.server import run
from tests.apps.table import route, settings, table
address, listen, internal, drain, store = sys.argv[1:]
known = table(address, route("get", "compute", "GET /things", "GET /api/things"),
              listen=listen, internal_listen=internal, drain=float(drain))
run(known, settings(), Path(store))
"""


def start(address: str, store: Path, *, listen: str = "127.0.0.1:0", drain: float = 5.0) -> subprocess.Popen[str]:
    """A gateway in a process of its own."""
    command = [sys.executable, "-c", CHILD, address, listen, "127.0.0.1:0", str(drain), str(store)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Stored]:
    """A store's path and its flags."""
    path = tmp_path / "cutover.db"
    with closing(open_store(path)) as connection:
        yield path, FlagStore(connection)


@pytest.fixture
def children() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are gone after the test."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for child in started:
        child.kill()
        child.communicate()


def ready(child: subprocess.Popen[str]) -> str:
    """The public address of the ready line."""
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line.startswith("gateway ready: public http://127.0.0.1:")
    return line.split()[3].rstrip(",")


async def test_serving_binds_free_ports_and_names_itself() -> None:
    """Free ports are told, and the public one is what clients are handed out."""
    async with running(table("http://unused", route("get", "compute", "GET /a", "GET /a"))) as gate:
        assert gate.addresses.public != gate.addresses.internal
        assert gate.gateway.context.public_url == gate.addresses.public


async def test_busy_port_is_one_clear_line() -> None:
    """A taken address is UnreachableError, and the other listener is not left bound."""
    known = table("http://unused", route("get", "compute", "GET /a", "GET /a"))
    async with running(known) as gate:
        taken = gate.addresses.internal.removeprefix("http://")
        with pytest.raises(UnreachableError, match=taken):
            async with serving(gate.gateway, "127.0.0.1:0", taken):
                pass


async def test_process_follows_flags_and_drains(stored: Stored, children: list[subprocess.Popen[str]]) -> None:
    """A flag change reaches the process at once, is acknowledged, and SIGTERM lets a running answer finish."""
    store, flags = stored
    release, asked = asyncio.Event(), asyncio.Event()

    async def behave(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        asked.set()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
        await writer.drain()
        await release.wait()
        writer.write(b"llo")
        return False

    async with upstream(behave) as up:
        child = start(up.address, store)
        children.append(child)
        address = await asyncio.to_thread(ready, child)
        async with httpx.AsyncClient(base_url=address, verify=False) as client:
            assert (await client.get("/api/things", headers=bearer())).status_code == 404
            changed = flags.change([Flag("get", Stage.GATEWAY)], expected=flags.snapshot())
            await eventually(lambda: [one.revision for one in flags.processes()] == [changed.revision])
            call = asyncio.create_task(client.get("/api/things", headers=bearer()))
            await asked.wait()
            child.send_signal(signal.SIGTERM)
            await eventually(lambda: flags.processes() == [])
            release.set()
            assert (await call).text == "hello"
        assert await asyncio.to_thread(child.wait, 10) == 0
    assert child.stderr is not None
    assert child.stderr.read() == ""


async def test_second_signal_ends_at_once(stored: Stored, children: list[subprocess.Popen[str]]) -> None:
    """A second signal does not wait for what still runs, and the exit code names it."""
    store, flags = stored
    flags.change([Flag("get", Stage.GATEWAY)], expected=flags.snapshot())
    asked, never = asyncio.Event(), asyncio.Event()

    async def behave(*_: object) -> bool:
        asked.set()
        await never.wait()
        return False

    async with upstream(behave) as up:
        child = start(up.address, store, drain=60)
        children.append(child)
        address = await asyncio.to_thread(ready, child)
        async with httpx.AsyncClient(base_url=address, verify=False) as client:
            call = asyncio.create_task(client.get("/api/things", headers=bearer()))
            await asked.wait()
            child.send_signal(signal.SIGTERM)
            await eventually(lambda: flags.processes() == [])
            child.send_signal(signal.SIGINT)
            started = time.monotonic()
            assert await asyncio.to_thread(child.wait, 10) == 128 + signal.SIGINT
            assert time.monotonic() - started < 5
            await asyncio.gather(call, return_exceptions=True)
        never.set()


@pytest.mark.parametrize("delay", [0.0, 0.2, 0.4, 0.6])
def test_signal_at_start_up_ends_the_process(
    tmp_path: Path, children: list[subprocess.Popen[str]], delay: float
) -> None:
    """SIGTERM at any moment of the start ends the process soon and quietly."""
    child = start("http://unused", tmp_path / "cutover.db")
    children.append(child)
    time.sleep(delay)
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) in {0, -signal.SIGTERM}
    assert child.stderr is not None
    assert "Traceback" not in child.stderr.read()
