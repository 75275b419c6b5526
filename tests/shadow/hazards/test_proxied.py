from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.config import problems
from gateway.core.routes import Stage
from tests.apps.chromium import browser
from tests.apps.oddities import Oddities, value
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import free_port, shadowed, write_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


def mirroring(port: int) -> str:
    """The shadow's section with an HTTP proxy."""
    return f"second: 0, slow: off, load: 300%, proxy_listen: 127.0.0.1:{port}"


async def test_a_browser_behind_the_proxy_is_served_as_at_the_listener(tmp_path: Path) -> None:
    """Asked for legacy's own address, the proxy serves as the listener does: same bytes, copies and buckets."""
    port = free_port()
    async with (
        Oddities() as legacy,
        Oddities() as internal,
        shadowed(tmp_path, legacy.address, internal=internal.port, mirroring=mirroring(port)) as rig,
        httpx.AsyncClient(proxy=f"http://127.0.0.1:{port}", base_url=f"http://{legacy.address}") as client,
    ):
        internal.rename = ("/api/v1", "")
        rig.promote("items.get", Stage.SHADOW)
        here = await client.get("/items/1?a=1&a=2", headers={"Proxy-Authorization": "Basic eDp5"})
        head = legacy.heads[-1]
        assert here.content == b'{"target":"/items/1?a=1&a=2"}'
        assert (head[1], value(head, "host")) == ("/items/1?a=1&a=2", legacy.address)
        assert not {name.lower() for name, _ in head[2]} & {"proxy-connection", "proxy-authorization"}
        named = await client.get(f"http://localhost:{legacy.port}/items/2")
        assert named.status_code == 200
        assert value(legacy.heads[-1], "host") == f"localhost:{legacy.port}"
        async with httpx.AsyncClient(base_url=rig.url) as direct:
            there = await direct.get("/items/1?a=1&a=2")
        assert (there.content, there.headers.raw) == (here.content, here.headers.raw)
        assert (await client.get("/fault")).status_code == 500
        assert (await client.get("/items/3")).status_code == 200
        buckets = await rig.settled(5)
        assert buckets == {("items.get", "compared", ""): 4, ("fault", "off", ""): 1}
        assert legacy.writes == {}


async def test_the_gateway_serves_behind_the_proxy_too(tmp_path: Path) -> None:
    """A flag acts on proxied requests; a dead gateway falls back to legacy, a dead service is told of."""
    port, public = free_port(), Oddities()
    async with (
        Oddities() as legacy,
        public,
        shadowed(tmp_path, legacy.address, public=public.port, mirroring=mirroring(port)) as rig,
        httpx.AsyncClient(proxy=f"http://127.0.0.1:{port}", base_url=f"http://{legacy.address}") as client,
    ):
        public.rename = ("/api/v1", "")
        rig.promote("items.get", Stage.GATEWAY)
        rig.promote("items.create", Stage.CLOSED)
        assert (await client.get("/items/1")).json() == {"target": "/api/v1/items/1"}
        assert (await client.post("/items", json={})).status_code == 410
        await public.stop()
        assert (await client.get("/items/1")).json() == {"target": "/items/1"}
        await legacy.stop()
        assert (await client.get("/empty")).status_code == 503
        buckets = await rig.settled(4)
        assert buckets["items.get", "failed", "fallback"] == 1
        assert buckets["items.create", "off", "closed"] == 1


async def test_it_is_no_open_proxy(tmp_path: Path) -> None:
    """Any other address is refused in words, by request or tunnel, with no connection made; each is counted."""
    port = free_port()
    async with (
        Oddities() as legacy,
        Oddities("stranger") as stranger,
        shadowed(tmp_path, legacy.address, mirroring=mirroring(port)) as rig,
    ):
        asked = 0
        for target, host in (
            (f"http://{stranger.address}/items/1", stranger.address),
            (f"http://{stranger.address}/items/1", legacy.address),
            ("/items/1", stranger.address),
            (f"http://127.0.0.1:{port}/", f"127.0.0.1:{port}"),
            (f"http://{rig.url.removeprefix('http://')}/items/1", legacy.address),
        ):
            async with RawClient(f"127.0.0.1:{port}") as client:
                answer = await client.ask("GET", target, ("Host", host))
                asked += 1
                assert answer.status == 403, target
                assert b"is no legacy address of odd: this proxy goes nowhere else" in answer.body
        for address in (stranger.address, "internet.example:443"):
            async with RawClient(f"127.0.0.1:{port}") as client:
                answer = await client.ask("CONNECT", address)
                asked += 1
                assert answer.status == 403
                assert address.encode() in answer.body
        async with RawClient(rig.url) as client:
            await client.send("CONNECT", stranger.address)
            assert client.reader is not None
            assert b" 200 " not in await client.reader.read()
        async with RawClient(f"127.0.0.1:{port}") as client:
            upload = b"z" * 3_000_000
            await client.send("POST", f"http://{stranger.address}/items", body=upload)
            assert (await client.receive()).status == 403
            asked += 1
        assert stranger.connections == 0
        assert not legacy.deliveries
        await rig.until(lambda: rig.buckets().get(("", "off", "foreign"), 0) >= asked, rig.buckets)
        # At a service's own listener mitmproxy refuses CONNECT as malformed.
        assert set(rig.buckets()) == {("", "off", "foreign"), ("", "unmirrored", "malformed")}


async def test_a_tunnel_to_a_legacy_address_is_looked_into(tmp_path: Path) -> None:
    """CONNECT leads to legacy's own address; requests and WebSockets inside it are the service's, and are counted."""
    port = free_port()
    async with (
        Oddities() as legacy,
        Oddities("stranger") as stranger,
        shadowed(tmp_path, legacy.address, mirroring=mirroring(port)) as rig,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (legacy.address.encode(), legacy.address.encode()))
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET http://%b/items/1 HTTP/1.1\r\nHost: h\r\n\r\n" % stranger.address.encode())
        assert b"HTTP/1.1 200" in await reader.readuntil(b"\r\n\r\n")
        assert stranger.connections == 0
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % (legacy.port, legacy.port))
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        upgrade = b"GET /socket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        writer.write(upgrade)
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"frames are bytes")
        assert await reader.readexactly(16) == b"frames are bytes"
        writer.close()
        buckets = await rig.settled(2)
        assert {key[0] for key in buckets} == {"items.get", "socket"}


@pytest.mark.proof
@pytest.mark.timeout(120)
async def test_a_real_browser_calls_legacy_through_it(tmp_path: Path) -> None:
    """Chromium, pointed at the proxy, calls legacy's own address from another origin: served, copied, counted."""
    port = free_port()
    async with (
        Oddities() as legacy,
        Oddities() as internal,
        shadowed(tmp_path, legacy.address, internal=internal.port, mirroring=mirroring(port)) as rig,
    ):
        internal.rename = ("/api/v1", "")
        rig.promote("items.get", Stage.SHADOW)
        flags = (f"--proxy-server=http://127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>")

        def browse() -> object:
            with browser(*flags) as page:
                page.open("data:text/html,dashboard", 1280, dark=False)
                page.evaluate(
                    f"fetch('http://localhost:{legacy.port}/items/1').then(a => a.json())"
                    ".then(a => window.said = a.target);"
                    f"fetch('http://127.0.0.1:{port + 1}/').then(a => window.other = a.status)"
                    ".catch(e => window.other = 'refused'); 0"
                )
                deadline = time.monotonic() + 20
                while not page.evaluate("!!(window.said && window.other)"):
                    assert time.monotonic() < deadline
                return page.evaluate("[window.said, window.other].join()")

        assert await asyncio.to_thread(browse) == "/items/1,refused"
        assert value(legacy.heads[0], "host") == f"localhost:{legacy.port}"
        await rig.until(lambda: ("items.get", "compared", "") in rig.buckets(), rig.buckets)
        assert rig.buckets()["", "off", "foreign"] >= 1


def test_the_proxy_has_an_address_of_its_own(tmp_path: Path) -> None:
    """It is read from the route table; one that somebody else has there is one clear line."""
    config = write_table(tmp_path, "127.0.0.1:9", listen=4711, mirroring="proxy_listen: 127.0.0.1:4711")
    (problem,) = problems(config)
    assert problem.message == "shadow: proxy_listen 127.0.0.1:4711 is taken by service svc"
