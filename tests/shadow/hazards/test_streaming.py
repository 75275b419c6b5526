from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps import candidate
from tests.apps.oddities import Oddities, answer
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.apps.oddities import Head


@pytest.mark.proof
async def test_events_pass_as_they_are_sent(tmp_path: Path) -> None:
    """Each server-sent event reaches the client before the service sends the next, whoever serves."""
    async with Oddities() as legacy, Oddities() as public, Oddities() as internal:
        internal.override = candidate.silent
        public.rename = ("/api/v1", "")
        async with (
            shadowed(tmp_path, legacy.address, public=public.port, internal=internal.port) as rig,
            RawClient(rig.url) as client,
        ):
            for stage, server in ((Stage.LEGACY, legacy), (Stage.SHADOW, legacy), (Stage.GATEWAY, public)):
                rig.promote("events", stage)
                await client.send("GET", "/events")
                assert client.reader is not None
                head = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), 10)
                assert b"text/event-stream" in head
                for number in range(3):
                    server.release.set()
                    assert await asyncio.wait_for(client.chunk(), 10) == b"data: %d\n\n" % number
                assert await asyncio.wait_for(client.chunk(), 10) == b""
            assert sum(public.deliveries.values()) == 1


@pytest.mark.proof
async def test_no_copy_starts_before_the_answer_is_complete(tmp_path: Path) -> None:
    """While a stream is open nothing is sent down the other path."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.resetting
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("events", Stage.SHADOW)
            await client.send("GET", "/events")
            assert client.reader is not None
            await client.reader.readuntil(b"\r\n\r\n")
            await rig.until(lambda: rig.buckets().get(("events", "pending", "")) == 1, rig.buckets)
            assert not internal.deliveries
            for _ in range(3):
                legacy.release.set()
                await client.chunk()
            await client.chunk()
            await rig.settled(1)
            assert sum(internal.deliveries.values()) == 1


async def bunched(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
    """The events of the stream, all at once."""
    events = b"".join(b"data: %d\n\n" % number for number in range(3))
    lines = ("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache")
    writer.write(answer("200 OK", events, *lines, ("x-accel-buffering", "no")))


@pytest.mark.proof
async def test_a_gateway_that_holds_a_stream_back_is_seen(tmp_path: Path) -> None:
    """The times at which events pass the proxy are kept: what came one by one and comes at once is a lost cadence."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = bunched
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("events", Stage.SHADOW)

            async def pace() -> None:
                while True:
                    legacy.release.set()
                    await asyncio.sleep(0.4)

            pacing = asyncio.create_task(pace())
            await client.ask("GET", "/events")
            assert await rig.settled(1) == {("events", "compared", ""): 1}
            pacing.cancel()
            (seen,) = await rig.until(lambda: bool(rig.observations()), rig.observations)
            assert "stream cadence changed" in [f"{one.location} {one.path} {one.kind}" for one in seen.differences]


@pytest.mark.proof
async def test_a_client_that_leaves_ends_the_stream_upstream(tmp_path: Path) -> None:
    """When the client hangs up in the middle, the service sees it and the request counts as aborted."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        rig.promote("events", Stage.SHADOW)
        await client.send("GET", "/events")
        assert client.reader is not None
        await client.reader.readuntil(b"\r\n\r\n")
        client.close()
        assert await rig.settled(1) == {("events", "unmirrored", "aborted"): 1}
        await rig.until(lambda: legacy.release.set() or not legacy.standing, lambda: legacy.standing)


@pytest.mark.proof
async def test_sockets_pass_untouched(tmp_path: Path) -> None:
    """A WebSocket is served by legacy in every open stage, bytes unchanged, and counted as unmirrored."""
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig:
        for stage in (Stage.LEGACY, Stage.SHADOW, Stage.GATEWAY):
            rig.promote("socket", stage)
            async with RawClient(rig.url) as client:
                answer = await client.ask(
                    "GET", "/socket", *upgrade, ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
                )
                assert answer.status == 101
                assert client.reader is not None
                assert client.writer is not None
                for frame in (b"\x81\x85abcd" + bytes(5), b"not even a frame"):
                    client.writer.write(frame)
                    assert await asyncio.wait_for(client.reader.readexactly(len(frame)), 10) == frame
        assert await rig.settled(3) == {("socket", "off", ""): 1, ("socket", "unmirrored", "websocket"): 2}


@pytest.mark.proof
async def test_a_write_is_compared_by_the_request_legacy_got(tmp_path: Path) -> None:
    """A faithful dry run of a write matches: same method, path, query, headers and body, and nothing is delivered."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.create", Stage.SHADOW)
            body = json.dumps({"name": "ü"}).encode()
            await client.ask("POST", "/items?a=%2F&a=1", ("Content-Type", "application/json"), body=body)
            assert await rig.settled(1) == {("items.create", "compared", ""): 1}
            assert [o.mode for o in rig.observations()] == ["dry-run"]
            assert legacy.writes == {"POST /items?a=%2F&a=1": 1}
