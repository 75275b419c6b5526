"""The gateway process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
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
from tests.apps.certificates import common_name, trusting, written
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, route, table
from tests.apps.wire import eventually, talk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.listening import Tls

    Stored = tuple[Path, FlagStore]

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from pathlib import Path
from dataclasses import replace
from gateway.server import run
from tests.apps.table import route, settings, table
from gateway.core.listening import Tls
address, listen, internal, drain, store, *pair = sys.argv[1:]
known = table(address, route("get", "compute", "GET /things", "GET /api/things"),
              listen=listen, internal_listen=internal, drain=float(drain), tls=Tls(*pair))
run(known, settings(), Path(store), reread=lambda: known)
"""


def start(
    address: str, store: Path, *, listen: str = "127.0.0.1:0", drain: float = 5.0, tls: Tls | None = None
) -> subprocess.Popen[str]:
    """A gateway in a process of its own."""
    pair = [tls.certificate, tls.key] if tls else []
    command = [sys.executable, "-c", CHILD, address, listen, "127.0.0.1:0", str(drain), str(store), *pair]
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


def ready(child: subprocess.Popen[str], scheme: str = "http") -> str:
    """The public address of the ready line."""
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line.startswith(f"gateway ready: public {scheme}://127.0.0.1:")
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


@pytest.mark.proof
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


@pytest.mark.proof
def test_process_may_open_as_many_files_as_it_is_allowed(
    tmp_path: Path, children: list[subprocess.Popen[str]]
) -> None:
    """The soft limit of open files, which would bound clients, is raised to the hard one."""
    child = start("http://unused", tmp_path / "cutover.db")
    children.append(child)
    ready(child)
    soft, hard = resource.prlimit(child.pid, resource.RLIMIT_NOFILE)
    assert soft == hard


@pytest.mark.proof
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


async def test_draining_gateway_says_so_and_counts_what_it_cuts() -> None:
    """While the last answers go out health and metrics are still told; who outlasts the drain is cut and counted."""
    never, asked = asyncio.Event(), asyncio.Event()

    async def behave(*_: object) -> bool:
        asked.set()
        await never.wait()
        return False

    one = route("get", "compute", "GET /things", "GET /api/things")
    async with upstream(behave) as up:
        async with running(table(up.address, one, drain=1.0)) as gate:
            head = f"GET /api/things HTTP/1.1\r\nHost: a\r\nAuthorization: {bearer()['Authorization']}\r\n\r\n"
            call = asyncio.create_task(talk(gate.port, head.encode()))
            await asked.wait()
            assert (await gate.internal.get("/health")).json()["status"] == "ok"
            internal, metrics = gate.addresses.internal, gate.gateway.context.metrics
            ending = asyncio.create_task(_watch(internal))
        assert (await ending) == "draining"
        with contextlib.suppress(ConnectionError):
            assert await call == b""
        assert metrics.value("cutover_cut_total") == 1
        never.set()


async def _watch(internal: str) -> str:
    """What health says last."""
    said = ""
    async with httpx.AsyncClient(base_url=internal, verify=False) as client:
        with contextlib.suppress(httpx.HTTPError):
            while said != "draining":
                said = (await client.get("/health")).json()["status"]
                await asyncio.sleep(0.01)
    return said


@pytest.mark.proof
async def test_sigterm_under_load_loses_no_request(stored: Stored, children: list[subprocess.Popen[str]]) -> None:
    """Whoever got a connection gets an answer; later ones are refused a connection, which nothing was sent over."""
    store, flags = stored
    flags.change([Flag("get", Stage.GATEWAY)], expected=flags.snapshot())
    async with upstream() as up:
        child = start(up.address, store)
        children.append(child)
        port = int((await asyncio.to_thread(ready, child)).rpartition(":")[2])
        ask = f"GET /api/things HTTP/1.1\r\nHost: a\r\nAuthorization: {bearer()['Authorization']}\r\n\r\n".encode()
        answered = [0]

        async def client() -> None:
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    return
                closing = False
                while not closing:
                    writer.write(ask)
                    head = (await reader.readuntil(b"\r\n\r\n")).lower()
                    assert head.startswith(b"http/1.1 200 ")
                    await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
                    answered[0] += 1
                    closing = b"connection: close" in head
                writer.close()

        clients = asyncio.gather(*(client() for _ in range(12)))
        await eventually(lambda: answered[0] > 100)
        child.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            await clients
        assert await asyncio.to_thread(child.wait, 10) == 0
        assert len(up.seen) == answered[0]


@pytest.mark.proof
async def test_process_serves_tls_and_renews_the_certificate(
    stored: Stored, children: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Over h2 a service is told https; at SIGHUP new connections see the new certificate and open ones stay."""
    store, flags = stored
    flags.change([Flag("get", Stage.GATEWAY)], expected=flags.snapshot())
    tls = written(tmp_path, "old")
    trust = trusting(tls, "h2")
    async with upstream() as up:
        child = start(up.address, store, tls=tls)
        children.append(child)
        address = await asyncio.to_thread(ready, child, "https")
        async with httpx.AsyncClient(base_url=address, verify=trust, http2=True, http1=False) as client:
            answer = await client.get("/api/things", headers=bearer())
            assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
            assert up.seen[0].values("x-forwarded-proto") == ["https"]
            written(tmp_path, "new")
            child.send_signal(signal.SIGHUP)
            assert child.stdout is not None
            assert "certificate loaded" in await asyncio.to_thread(child.stdout.readline)
            _, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(address).port, ssl=trusting(tls))
            assert common_name(writer.get_extra_info("ssl_object")) == "new"
            writer.close()
            assert (await client.get("/api/things", headers=bearer())).status_code == 200
        child.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(child.wait, 10) == 0


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
