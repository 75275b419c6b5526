"""Raw bytes and spoiled requests against the listening port."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.smuggling import CASES, TAIL, answers
from tests.apps.table import route, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.apps.echo import Seen

ROUTES = tuple(
    route(f"{name}.{method.lower()}", "compute", f"{method} /{name}", f"{method} /api/{name}", access="public")
    for method, name in (("GET", "things"), ("POST", "things"), ("GET", "smuggled"), ("GET", "tail"))
)
SEEDS = [case.data for case in CASES if len(case.data) < 2000]
PIECES = [
    *(bytes([byte]) for byte in b'\r\n\0 \t:;,"\xff05a+-/%'),
    *(b"\r\n\r\n", b"\r\n", b"0\r\n\r\n", b"HTTP/1.0", b"HTTP/1.1", b"GET ", b"POST "),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: b\r\n", b"Expect: 100-continue\r\n"),
    *(b"Connection: Upgrade\r\n", b"Upgrade: websocket\r\n", b"Connection: close\r\n"),
]
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A request of the corpus, or two of them, with a few bytes put in, left out or written over."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    if draw(st.booleans()):
        data[draw(st.integers(0, len(data))) :] = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 3))] = draw(st.sampled_from([*PIECES, b""]))
    return bytes(data)


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[int, list[Seen]]]:
    """The port of a gateway on a loop of its own, and what its service saw."""
    started: list[tuple[int, list[Seen]]] = []
    ready, stop = threading.Event(), asyncio.Event()
    loop = uvloop.new_event_loop()

    async def serve() -> None:
        async with upstream() as up, running(table(up.address, *ROUTES, drain=0.5)) as gate:
            started.append((gate.port, up.seen))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def talk(port: int, data: bytes) -> bytes:
    """Send everything, read what comes; then leave, and read to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(data)
        connection.settimeout(0.02)
        got = b""
        try:
            while piece := connection.recv(65_536):
                got += piece
        except TimeoutError:
            # Something incomplete is waited for: leaving ends that, and nothing may hang.
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            while piece := connection.recv(65_536):
                got += piece
        except ConnectionResetError:
            pass
        return got


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(spoiled(), spoiled(), spoiled(), st.binary(max_size=300)), tail=st.booleans())
def test_no_bytes_make_the_gateway_fail(
    gateway: tuple[int, list[Seen]], caplog: pytest.LogCaptureFixture, data: bytes, *, tail: bool
) -> None:
    """Whatever is sent: no 5xx, no fault in the log, no hang, and a service sees only whole, well-formed requests."""
    port, seen = gateway
    seen.clear()
    got = talk(port, data + TAIL * tail)
    statuses = answers(got) if got.startswith(b"HTTP/1.1 ") else []
    assert got == b"" or statuses or got.startswith(b"HTTP/1.1 100 ")
    assert not [status for status in statuses if status >= 500]
    assert statuses.count(200) <= len(seen)
    for request in seen:
        assert request.target in {"/things", "/smuggled", "/tail"} or request.target.partition("?")[0] == "/things"
        assert all(TOKEN.fullmatch(name) for name, _ in request.headers)
        assert len(request.values("content-length")) + len(request.values("transfer-encoding")) <= 1
        assert len(request.values("host")) == 1
    assert not [entry for entry in caplog.records if entry.levelname in {"ERROR", "CRITICAL"}]


def test_gateway_still_serves(gateway: tuple[int, list[Seen]]) -> None:
    """After all that an honest request is answered at once."""
    begun = time.monotonic()
    assert answers(talk(gateway[0], TAIL)) == [200]
    assert time.monotonic() - begun < 5
