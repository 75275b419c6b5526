"""The platform is spared: through the real proxy and worker."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from gateway.store.database import open_store
from gateway.store.pace import paces
from tests.apps import candidate
from tests.apps.oddities import Head, Oddities, plain
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.apps.shadowed import Rig

pytestmark = pytest.mark.proof

LIMITED = (
    '  - {id: items.get, service: svc, legacy: "GET /items/{id}", gateway: "GET /api/v1/items/{id}", effect: read,\n'
    "     access: public, platform_limit: {rate: 60, per: 1h}}\n"
)


def shares(rig: Rig) -> list[float]:
    """The share of copies that the worker said last."""
    with closing(open_store(rig.store)) as connection:
        return [pace.share for pace in paces(connection).values()]


async def test_copies_back_off_while_the_platform_is_slow(tmp_path: Path) -> None:
    """Legacy slows down: copies get fewer and are counted as adaptive; every answer still comes, and none is lost."""
    delay = 0.0

    async def slowing(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        await asyncio.sleep(delay)
        writer.write(plain(head[1]))

    async with Oddities() as legacy, Oddities() as internal:
        legacy.override, internal.override = slowing, candidate.faithful
        async with (
            shadowed(tmp_path, legacy.address, internal=internal.port, mirroring="second: 0, slow: 2") as rig,
            RawClient(rig.url) as client,
        ):
            rig.promote("items.get", Stage.SHADOW)
            for number in range(15):
                await client.ask("GET", f"/items/{number}")
            calm = await rig.settled(15)
            assert calm == {("items.get", "compared", ""): 15}
            delay, total = 0.2, 15
            while not any(share <= 0.25 for share in shares(rig)):
                assert (await client.ask("GET", "/items/7")).status == 200
                total += 1
            delay = 0.0
            before = rig.buckets().get(("items.get", "sampled-out", "adaptive"), 0)
            for _ in range(12):
                await client.ask("GET", "/items/7")
            landed = await rig.settled(total + 12)
            assert landed["items.get", "sampled-out", "adaptive"] > before
            assert set(landed) == {("items.get", "compared", ""), ("items.get", "sampled-out", "adaptive")}


async def test_copies_take_a_tenth_of_a_limit_of_the_platform(tmp_path: Path) -> None:
    """Of 60 an hour copies send six at most; the rest is counted, and every client is served."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        async with (
            shadowed(tmp_path, legacy.address, internal=internal.port, routes=LIMITED) as rig,
            RawClient(rig.url) as client,
        ):
            rig.promote("items.get", Stage.SHADOW)
            for number in range(20):
                assert (await client.ask("GET", f"/items/{number}")).status == 200
            landed = await rig.settled(20)
            assert landed["items.get", "sampled-out", "platform-limit"] >= 14
            assert landed["items.get", "compared", ""] == internal.deliveries.total() <= 6
            assert legacy.deliveries.total() == 20
