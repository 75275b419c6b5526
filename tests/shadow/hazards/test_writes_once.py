from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps import candidate
from tests.apps.oddities import Oddities
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    from pathlib import Path

BODY = b'{"item_id":"a/b","to":"shelf"}'


async def test_a_write_is_delivered_once(tmp_path: Path) -> None:
    """In every stage a write reaches exactly one side, once, and the other side sees a dry run at most."""
    async with Oddities() as legacy, Oddities() as public, Oddities() as internal:
        internal.override = candidate.faithful
        async with (
            shadowed(tmp_path, legacy.address, public=public.port, internal=internal.port) as rig,
            RawClient(rig.url) as client,
        ):
            for stage in (Stage.LEGACY, Stage.SHADOW, Stage.CANARY, Stage.GATEWAY):
                legacy.deliveries.clear()
                public.deliveries.clear()
                rig.promote("items.create", stage, percent=50.0)
                rig.promote("items.move", stage, percent=50.0)
                for number in range(10):
                    subject = ("X-Forwarded-For", f"203.0.113.{number}")
                    assert (await client.ask("POST", "/items", subject, body=b"{}")).status == 201
                    assert (await client.ask("POST", "/items/move", subject, body=BODY)).status == 201
                moves = legacy.writes["POST /items/move"] + public.writes["POST /api/v1/items/a%2Fb/move"]
                assert moves == 10
                assert legacy.writes["POST /items"] + public.writes["POST /api/v1/items"] == 10
                assert sum(legacy.writes.values()) + sum(public.writes.values()) == 20
            await rig.settled(80)
            assert all("dry-run;" in dict(head[2])["Cutover-Copy"] for head in internal.heads)


async def test_a_write_falls_back_before_a_byte_was_sent(tmp_path: Path) -> None:
    """While the gateway refuses connections, legacy gets each write once, as the client sent it."""
    async with (
        Oddities() as legacy,
        Oddities() as public,
        shadowed(tmp_path, legacy.address, public=public.port) as rig,
        RawClient(rig.url) as client,
    ):
        rig.promote("items.move", Stage.CANARY, percent=100.0)
        assert (await client.ask("POST", "/items/move", body=BODY)).status == 201
        await public.stop()
        for stage in (Stage.CANARY, Stage.GATEWAY):
            rig.promote("items.move", stage, percent=100.0)
            for _ in range(3):
                assert (await client.ask("POST", "/items/move", body=BODY)).status == 201
        assert public.writes == {"POST /api/v1/items/a%2Fb/move": 1}
        assert legacy.writes == {"POST /items/move": 6}
        assert legacy.bodies == [BODY] * 6
        buckets = await rig.settled(7)
        assert buckets["items.move", "failed", "fallback"] == 6
        assert sum(entry.fallbacks for entry in rig.served()) == 6


@pytest.mark.proof
async def test_a_write_that_the_gateway_may_have_got_is_not_repeated(tmp_path: Path) -> None:
    """When the gateway hangs up after the request was sent, a write is answered 503 and legacy never sees it."""
    async with Oddities() as legacy, Oddities() as public:
        public.override = candidate.resetting
        async with shadowed(tmp_path, legacy.address, public=public.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.create", Stage.GATEWAY)
            assert (await client.ask("POST", "/items", body=b"{}")).status == 503
            assert not legacy.writes
            assert await rig.settled(1) == {("items.create", "failed", "gateway"): 1}


@pytest.mark.proof
async def test_a_read_that_the_gateway_lost_is_served_by_legacy(tmp_path: Path) -> None:
    """When the gateway hangs up without an answer, a read is answered by legacy and counted as a fallback."""
    async with Oddities() as legacy, Oddities() as public:
        public.override = candidate.resetting
        async with shadowed(tmp_path, legacy.address, public=public.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.GATEWAY)
            answer = await client.ask("GET", "/items/7")
            assert answer.status == 200
            assert answer.body == b'{"target":"/items/7"}'
            assert await rig.settled(1) == {("items.get", "failed", "fallback"): 1}
            assert [(entry.side, entry.fallbacks) for entry in rig.served()] == [("legacy", 1)]


@pytest.mark.proof
async def test_a_write_by_a_safe_method_is_not_repeated_either(tmp_path: Path) -> None:
    """What decides is the route's effect: a GET that writes is never sent again once the gateway may have got it."""
    async with Oddities() as legacy, Oddities() as public:
        public.override = candidate.resetting
        async with shadowed(tmp_path, legacy.address, public=public.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.take", Stage.GATEWAY)
            assert (await client.ask("GET", "/take/1")).status == 503
            assert not legacy.heads
