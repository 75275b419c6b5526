"""SIGHUP to a gateway process under load, and reloads of a gateway in this one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.core.errors import ConfigError, RefusedError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.hangup import reload
from gateway.store.database import open_store
from tests.apps.echo import Upstream, upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from pathlib import Path
from gateway.config import load_table
from gateway.server import run
from tests.apps.table import settings
file, store = map(Path, sys.argv[1:])
run(load_table(file), settings(), store, reread=lambda: load_table(file))
"""
FILE = """
version: 1
platform: test
gateway: {{listen: "127.0.0.1:0", internal_listen: "127.0.0.1:0", drain: 5s}}
services:
  compute: {{legacy: "{address}", authorization: strip, shadow_listen: "127.0.0.1:1", openapi: /described}}
limits: {{read: {{rate: 100000, burst: 100000}}, write: {{rate: 100000, burst: 100000}}}}
routes:
  - {{id: get, service: compute, legacy: GET /things, gateway: GET /api/things, effect: read, access: public}}
  - {{id: {second}, service: compute, legacy: GET /more, gateway: GET /api/{second}, effect: read, access: public}}
"""
GET = route("get", "compute", "GET /things", "GET /api/things")


class Child:
    """A gateway process that reads its table from a file."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, stream: str = "stdout") -> str:
        """The next line it writes."""
        reader = self.process.stdout if stream == "stdout" else self.process.stderr
        assert reader
        return (await asyncio.wait_for(reader.readline(), 10)).decode()


@asynccontextmanager
async def child(folder: Path) -> AsyncIterator[Child]:
    """A running process with every route at gateway; not ready yet."""
    store = folder / "cutover.db"
    with closing(open_store(store)) as connection:
        flags = FlagStore(connection)
        flags.change([Flag(name, Stage.GATEWAY) for name in ("get", "old", "new")], expected=flags.snapshot())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(folder / "cutover.yaml"), str(store)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield Child(process)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def write(folder: Path, up: Upstream, second: str) -> None:
    """The table file with one route of this name beside the first."""
    (folder / "cutover.yaml").write_text(FILE.format(address=up.address, second=second))


async def test_reload_under_load_drops_no_request(tmp_path: Path) -> None:
    """Tables are swapped again and again while clients call: every call is answered by the one process that listens.

    A broken file is refused with its problems on stderr, in health and in metrics; mended, it is taken over.
    """
    async with upstream() as up:
        write(tmp_path, up, "old")
        async with child(tmp_path) as running_child:
            ready = (await running_child.line()).split()
            public, internal = ready[3].rstrip(","), ready[5]
            async with (
                httpx.AsyncClient(base_url=public, verify=False) as client,
                httpx.AsyncClient(base_url=internal, verify=False) as inside,
            ):
                before = (await inside.get("/health")).json()
                stop = asyncio.Event()
                load = [asyncio.create_task(calls(client, stop)) for _ in range(8)]
                for second in ("new", "old", "new"):
                    write(tmp_path, up, second)
                    running_child.process.send_signal(signal.SIGHUP)
                    told = await running_child.line()
                    gone = {"new": "old", "old": "new"}[second]
                    assert told.startswith(f"gateway reloaded: 1 route added ({second}), 1 route removed ({gone})")
                    assert (await client.get(f"/api/{second}")).status_code == 200
                    assert (await client.get(f"/api/{gone}")).status_code == 404

                (tmp_path / "cutover.yaml").write_text("version: 1\nplatfrom: x\n")
                running_child.process.send_signal(signal.SIGHUP)
                problems = []
                while "reload refused" not in (line := await running_child.line("stderr")):
                    problems.append(line)
                assert len(problems) >= 4
                health = (await inside.get("/health")).json()
                assert health["reload_problems"] == [line.rstrip("\n") for line in problems]
                assert "cutover_reload_failed 1" in (await inside.get("/metrics")).text
                assert (await client.get("/api/new")).status_code == 200

                write(tmp_path, up, "old")
                running_child.process.send_signal(signal.SIGHUP)
                await running_child.line()
                assert (await inside.get("/health")).json() == {**before, "flags": 1}
                assert "cutover_reload_failed 0" in (await inside.get("/metrics")).text
                stop.set()
                statuses = [status for statuses in await asyncio.gather(*load) for status in statuses]
    assert len(statuses) > 50
    assert set(statuses) == {200}


async def calls(client: httpx.AsyncClient, stop: asyncio.Event) -> list[int]:
    """Statuses of calls one after the other, until told to stop."""
    statuses = []
    while not stop.is_set():
        statuses.append((await client.get("/api/things")).status_code)
    return statuses


@pytest.mark.proof
async def test_documents_are_read_at_the_start_and_at_a_reload(tmp_path: Path) -> None:
    """Before anybody asks for them."""
    async with upstream() as up:
        write(tmp_path, up, "old")
        async with child(tmp_path) as running_child:
            await eventually(lambda: [seen.target for seen in up.seen] == ["/described"])
            assert (await running_child.line()).startswith("gateway ready")
            running_child.process.send_signal(signal.SIGHUP)
            await eventually(lambda: [seen.target for seen in up.seen] == ["/described"] * 2)


@pytest.mark.proof
async def test_several_hangups_are_one_reload(tmp_path: Path) -> None:
    """A process that is told several times reads the file once more, and says that nothing changed."""
    async with upstream() as up:
        write(tmp_path, up, "old")
        async with child(tmp_path) as running_child:
            assert (await running_child.line()).startswith("gateway ready")
            for _ in range(3):
                running_child.process.send_signal(signal.SIGHUP)
            assert (await running_child.line()).startswith("gateway reloaded: nothing changed")


async def test_request_in_flight_keeps_its_table() -> None:
    """What a request began under one table it ends under: an answer is transformed by the table it came in with."""
    release, asked = asyncio.Event(), asyncio.Event()

    async def behave(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        asked.set()
        await release.wait()
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /things\r\nContent-Length: 0\r\n\r\n")
        return True

    async with upstream(behave) as up:
        old = table(up.address, GET)
        new = table(up.address, route("get", "compute", "GET /things", "GET /api/others"))
        async with running(old) as gate:
            call = asyncio.create_task(gate.get("/api/things", headers=bearer()))
            await asked.wait()
            gate.gateway.reload(new)
            release.set()
            assert (await call).headers["location"] == "/api/things"
            assert (await gate.get("/api/others", headers=bearer())).headers["location"] == "/api/others"
            assert (await gate.get("/api/things", headers=bearer())).status_code == 404


async def test_connections_to_a_former_address_are_closed() -> None:
    """A service that moved is called at its new address, and nothing is kept open at the old one."""
    async with upstream() as one, upstream() as two:
        async with running(table(one.address, GET)) as gate:
            await gate.get("/api/things", headers=bearer())
            assert one.open == 1
            gate.gateway.reload(table(two.address, GET))
            await eventually(lambda: one.open == 0)
            assert (await gate.get("/api/things", headers=bearer())).status_code == 200
        assert len(two.seen) == 1


async def test_public_url_follows_the_file() -> None:
    """A configured public URL is taken over; one that stands for a free port stays."""
    async with running(table("http://unused", GET, listen="127.0.0.1:0")) as gate:
        gate.gateway.reload(table("http://unused", GET, listen="127.0.0.1:0", public_url="https://new.example"))
        assert gate.gateway.context.public_url == gate.addresses.public
    async with running(table("http://unused", GET)) as gate:
        gate.gateway.reload(table("http://unused", GET, public_url="https://new.example"))
        assert gate.gateway.context.public_url == "https://new.example"


@pytest.mark.parametrize(
    ("error", "problems"),
    [
        (ConfigError("x.yaml:1: a\nx.yaml:2: b"), ("x.yaml:1: a", "x.yaml:2: b")),
        (RuntimeError("unexpected"), ("the table could not be read again: a fault of Cutover's own, see above",)),
    ],
)
async def test_whatever_goes_wrong_the_old_table_serves(
    error: Exception, problems: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused table leaves everything as it is, and what was wrong is told."""

    def reread() -> RouteTable:
        raise error

    async with upstream() as up, running(table(up.address, GET)) as gate:
        await reload(gate.gateway, reread)
        assert gate.gateway.context.reloads.problems == problems
        assert (await gate.get("/api/things", headers=bearer())).status_code == 200
    told = capsys.readouterr().err
    assert all(problem in told for problem in problems)
    assert "reload refused; table " in told


async def test_fixed_settings_refuse_the_whole_table() -> None:
    """A table that moves a listener changes nothing at all."""
    async with running(table("http://unused", GET)) as gate:
        with pytest.raises(RefusedError, match="listen"):
            gate.gateway.reload(table("http://unused", listen="127.0.0.1:9"))
        assert gate.gateway.context.table.routes == (GET,)
