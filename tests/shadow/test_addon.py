from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps import candidate
from tests.apps.oddities import Oddities
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.proof
async def test_uploads_stream_to_whoever_serves(tmp_path: Path) -> None:
    """A large upload reaches the gateway whole; one whose body must be read first stays with legacy."""
    async with (
        Oddities() as legacy,
        Oddities() as public,
        shadowed(tmp_path, legacy.address, public=public.port) as rig,
        RawClient(rig.url) as client,
    ):
        rig.promote("items.create", Stage.GATEWAY)
        rig.promote("items.move", Stage.GATEWAY)
        upload = b"z" * 5_000_000
        assert (await client.ask("POST", "/items", body=upload)).status == 201
        assert public.bodies == [upload]
        chunked = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        assert (await client.ask("POST", "/items", ("Transfer-Encoding", "chunked"), body=chunked)).status == 201
        assert public.bodies[-1] == b"hello world"
        assert (await client.ask("POST", "/items/move", body=upload)).status == 201
        assert legacy.writes == {"POST /items/move": 1}
        buckets = await rig.settled(3)
        assert buckets["items.move", "unmirrored", "unmappable"] == 1


@pytest.mark.proof
async def test_a_malformed_request_is_refused_and_counted(tmp_path: Path) -> None:
    """A request that could smuggle another is answered 400 and never reaches a service."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        both = (("Content-Length", "3"), ("Transfer-Encoding", "chunked"))
        assert (await client.ask("POST", "/items", *both, body=b"0\r\n\r\n")).status == 400
        assert not legacy.deliveries
        assert await rig.settled(1) == {("items.create", "unmirrored", "malformed"): 1}


@pytest.mark.proof
async def test_a_read_survives_a_connection_that_dies_under_it(tmp_path: Path) -> None:
    """When a kept connection turns out dead, a read is sent once more on a fresh one instead of failing."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        assert (await client.ask("GET", "/items/1")).status == 200

        async def dying(head: object, body: bytes, writer: asyncio.StreamWriter) -> None:
            legacy.override = None
            await candidate.resetting(head, body, writer)  # type: ignore[arg-type]

        legacy.override = dying
        assert (await client.ask("GET", "/items/2")).body == b'{"target":"/items/2"}'
        assert await rig.settled(2) == {
            ("items.get", "off", ""): 1,
            ("items.get", "unmirrored", "retried"): 1,
        }


async def test_a_flag_change_drops_no_request(tmp_path: Path) -> None:
    """While a route goes back and forth under load every request is answered, and every one is counted."""
    async with (
        Oddities() as legacy,
        Oddities() as public,
        shadowed(tmp_path, legacy.address, public=public.port) as rig,
        RawClient(rig.url) as client,
    ):
        asked = 0
        done = asyncio.Event()

        async def asking() -> None:
            nonlocal asked
            while not done.is_set():
                assert (await client.ask("GET", "/items/1")).status == 200
                asked += 1

        task = asyncio.create_task(asking())
        for stage in (Stage.SHADOW, Stage.CANARY, Stage.GATEWAY, Stage.LEGACY, Stage.GATEWAY, Stage.SHADOW):
            await asyncio.to_thread(rig.promote, "items.get", stage, percent=50.0)
        done.set()
        await task
        assert legacy.deliveries.total() + public.deliveries.total() >= asked
        await rig.settled(asked)
        assert sum(entry.requests for entry in rig.served()) == asked


@pytest.mark.proof
async def test_a_request_that_the_proxy_gives_up_is_counted(tmp_path: Path) -> None:
    """The proxy reads no trailers and hangs up; the request leaves the pending ones when its client is gone."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        rig.promote("items.create", Stage.SHADOW)
        trailed = b"2\r\n{}\r\n0\r\nX-Checksum: 1\r\n\r\n"
        await client.send("POST", "/items", ("Transfer-Encoding", "chunked"), body=trailed)
        await asyncio.sleep(0.2)
        client.close()
        assert await rig.settled(1) == {("items.create", "unmirrored", "aborted"): 1}
