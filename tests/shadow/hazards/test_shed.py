from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Verdict
from gateway.core.routes import Stage
from shadow.channel import COPIES
from tests.apps import candidate
from tests.apps.oddities import Head, Oddities, answer
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import Rig, shadowed

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


async def flood(rig: Rig, requests: int, clients: int = 20) -> None:
    """So many answered reads from several clients at once."""

    async def one(share: int) -> None:
        async with RawClient(rig.url) as client:
            for number in range(share):
                assert (await client.ask("GET", f"/items/{number}")).status == 200

    await asyncio.gather(*(one(requests // clients) for _ in range(clients)))


async def test_a_flood_beyond_the_queue_is_shed_and_counted(tmp_path: Path) -> None:
    """With a hanging gateway the queue fills; what does not fit is shed, and all are answered and counted."""
    total = COPIES + 208
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.silent
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig:
            rig.promote("items.get", Stage.SHADOW)
            await flood(rig, total)
            await rig.until(lambda: sum(rig.buckets().values()) == total, rig.buckets)
            assert rig.buckets()["items.get", "shed", "full"] >= 150, rig.buckets()
            assert rig.buckets()["items.get", "pending", ""] <= COPIES
        assert sum(rig.buckets().values()) == total


async def test_a_killed_worker_costs_copies_but_no_answer(tmp_path: Path) -> None:
    """While the worker is dead copies are shed; it is restarted, and copying goes on."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.silent
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.SHADOW)
            for number in range(5):
                assert (await client.ask("GET", f"/items/{number}")).status == 200
            before = rig.workers()[0]
            before.kill()
            for number in range(5):
                assert (await client.ask("GET", f"/items/{number}")).status == 200
            await rig.until(lambda: len(rig.workers()) == 1 and rig.workers()[0].pid != before.pid, rig.workers)
            await rig.until(lambda: sum(rig.buckets().values()) == 10, rig.buckets)
            internal.override = candidate.faithful
            shed = rig.buckets()["items.get", "shed", "worker"]
            assert 5 <= shed <= 10
            assert (await client.ask("GET", "/items/5")).status == 200
            await rig.settled(11)
            assert rig.buckets()["items.get", "shed", "worker"] == shed


async def test_a_store_that_is_away_loses_no_count(tmp_path: Path) -> None:
    """While another process locks the store, answers and copies go on, and the counts arrive when it is back."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.SHADOW)
            with rig.locked():
                for number in range(20):
                    assert (await client.ask("GET", f"/items/{number}")).status == 200
            await rig.settled(20)
            assert sum(entry.requests for entry in rig.served()) == 20


async def test_large_uploads_pass_and_are_not_copied(tmp_path: Path) -> None:
    """A body over the copy limit reaches legacy whole, and counts as oversize."""
    async with (
        Oddities() as legacy,
        Oddities() as internal,
        shadowed(tmp_path, legacy.address, internal=internal.port) as rig,
        RawClient(rig.url) as client,
    ):
        rig.promote("items.create", Stage.SHADOW)
        upload = b"z" * (20 * 1024 * 1024)
        assert b'"bytes":%d' % len(upload) in (await client.ask("POST", "/items", body=upload)).body
        assert await rig.settled(1) == {("items.create", "oversize", ""): 1}
        assert not internal.deliveries


async def test_large_answers_are_compared_by_their_digests(tmp_path: Path) -> None:
    """20 MB pass whole and are compared byte for byte without being held; one other byte is a mismatch."""
    body = b"x" * 20_000_000

    async def large(head: Head, _: bytes, writer: asyncio.StreamWriter) -> None:
        sent = body[:-1] + b"y" if "size=020" in head[1] else body
        writer.write(answer("200 OK", sent))
        await writer.drain()

    async with Oddities() as legacy, Oddities() as internal:
        internal.override = large
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("large", Stage.SHADOW)
            for size in ("20000000", "020000000"):
                assert (await client.ask("GET", f"/large?size={size}")).body == body
                await rig.until(lambda: not rig.buckets().get(("large", "pending", "")), rig.buckets)
            assert await rig.settled(2) == {("large", "compared", ""): 2}
            await rig.until(lambda: len(rig.observations()) == 2, rig.observations)
            other, same = rig.observations()
            assert (same.verdict, other.verdict) == (Verdict.MATCH, Verdict.MISMATCH)
            assert [(item.location, item.path) for item in other.differences] == [("body", "digest")]
            assert other.differences[0].legacy.startswith("[20000000 bytes, fp:")
            (worker,) = rig.workers()
            assert worker.memory_info().rss < 200 * 1024 * 1024


async def test_a_declined_route_is_counted_as_off_or_sampled_out(tmp_path: Path) -> None:
    """A route whose shadow is off, or whose sample leaves a request out, makes no copy and says why."""
    routes = (
        '  - {id: items.get, service: svc, legacy: "GET /items/{id}", gateway: "GET /api/v1/items/{id}",\n'
        "     effect: read, access: public, shadow: {sample: 0.25}}\n"
        "  - {id: empty, service: svc, legacy: GET /empty, gateway: GET /api/v1/empty, effect: read,\n"
        "     access: public, shadow: {mode: 'off'}}\n"
    )
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        async with (
            shadowed(tmp_path, legacy.address, internal=internal.port, routes=routes) as rig,
            RawClient(rig.url) as client,
        ):
            rig.promote("items.get", Stage.SHADOW)
            rig.promote("empty", Stage.SHADOW)
            for number in range(8):
                await client.ask("GET", f"/items/{number}")
            await client.ask("GET", "/empty")
            buckets = await rig.settled(9)
            assert buckets["items.get", "sampled-out", ""] == 6
            assert buckets["empty", "off", ""] == 1
            assert sum(internal.deliveries.values()) == 2
