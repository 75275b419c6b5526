"""Three-way reads through the real proxy and worker."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Verdict
from gateway.core.routes import Stage
from gateway.store.database import open_store
from gateway.store.noise import learned
from tests.apps import candidate
from tests.apps.oddities import Head, Oddities, plain
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import Rig, shadowed

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

pytestmark = pytest.mark.proof


async def counting(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
    """Legacy whose answers hold a member that is new with every read."""
    said = next(_COUNT)
    answer = plain(head[1]).replace(b'"}', b'","n":%d}' % said)
    before = b"content-length: %d" % len(plain(head[1]).partition(b"\r\n\r\n")[2])
    writer.write(answer.replace(before, b"content-length: %d" % len(answer.partition(b"\r\n\r\n")[2])))


_COUNT = itertools.count(1000)


async def relayed(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
    """A gateway that passes on what such a legacy says."""
    target = head[1].replace("/api/v1", "", 1)
    await counting((head[0], target, head[2]), body, writer)


def noise(rig: Rig) -> list[tuple[str, int, int, int]]:
    """Path pattern, reads, and in how many of them legacy and the gateway differed from legacy's first answer."""
    with closing(open_store(rig.store)) as connection:
        return [(key[2].pattern, n.reads, n.legacy, n.gateway) for key, n in learned(connection).items()]


async def test_of_a_sample_legacy_is_asked_twice_and_its_noise_is_learned(tmp_path: Path) -> None:
    """Where legacy never says the same twice, the gateway's differences become noise, and no longer mismatches."""
    async with Oddities() as legacy, Oddities() as internal:
        legacy.override, internal.override = counting, relayed
        async with (
            shadowed(tmp_path, legacy.address, internal=internal.port, mirroring="second: 100%") as rig,
            RawClient(rig.url) as client,
        ):
            rig.promote("items.get", Stage.SHADOW)
            for number in range(4):
                await client.ask("GET", "/items/7")
                await rig.settled(number + 1)
            await rig.until(lambda: noise(rig) == [("$.n", 4, 4, 4)], lambda: noise(rig))
            assert legacy.deliveries == {"GET /items/7": 8}
            await client.ask("GET", "/items/7")
            await rig.until(lambda: len(rig.observations()) == 5, rig.observations)
            seen = rig.observations()[0]
            assert (seen.verdict, [one.by for one in seen.differences]) == (Verdict.EXPECTED, ["noise"])
            assert {one.verdict for one in rig.observations()[-3:]} == {Verdict.MISMATCH}


async def test_a_wrong_tenant_now_and_then_is_found_and_named_intermittent(tmp_path: Path) -> None:
    """Every fifth answer is somebody else's; asked again the gateway is right, and it is a mismatch all the same."""
    turn = itertools.count(1)

    async def mixing(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        wrong = next(turn) % 5 == 0
        await candidate.faithful(
            (head[0], head[1].replace("/items/", "/items/9") if wrong else head[1], head[2]), body, writer
        )

    async with Oddities() as legacy, Oddities() as internal:
        internal.override = mixing
        async with (
            shadowed(tmp_path, legacy.address, internal=internal.port) as rig,
            RawClient(rig.url) as client,
        ):
            rig.promote("items.get", Stage.SHADOW)
            for number in range(8):
                await client.ask("GET", f"/items/{number}")
                await rig.settled(number + 1)
            await rig.until(lambda: len(rig.observations()) == 8, rig.observations)
            wrong = [one for one in rig.observations() if one.verdict is not Verdict.MATCH]
            assert [(one.verdict, [str(item.kind) for item in one.differences]) for one in wrong] == [
                (Verdict.MISMATCH, ["intermittent"])
            ]
            assert (legacy.deliveries.total(), internal.deliveries.total()) == (9, 9)
