from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps import candidate
from tests.apps.oddities import Oddities, answer, value
from tests.apps.rawclient import RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from tests.apps.oddities import Head

pytestmark = pytest.mark.proof

ORIGIN = ("Origin", "http://dash.example")


async def test_a_canary_keeps_each_subject_on_one_side(tmp_path: Path) -> None:
    """Some subjects are served by the gateway, some by legacy, each always by the same; more percent adds only."""
    async with Oddities() as legacy, Oddities() as public, Oddities() as internal:
        internal.override = candidate.faithful
        async with (
            shadowed(tmp_path, legacy.address, public=public.port, internal=internal.port) as rig,
            RawClient(rig.url) as client,
        ):
            shares: list[set[int]] = []
            for percent in (20.0, 50.0, 50.0, 80.0):
                rig.promote("items.get", Stage.CANARY, percent=percent)
                shares.append(set())
                for person in range(30):
                    before = sum(public.deliveries.values())
                    reply = await client.ask("GET", "/items/1", ("X-Forwarded-For", f"198.51.100.{person}"))
                    assert reply.status == 200
                    if sum(public.deliveries.values()) > before:
                        shares[-1].add(person)
            assert shares[0] <= shares[1] == shares[2] <= shares[3]
            assert 0 < len(shares[1]) < 30
            await rig.settled(120)


async def test_a_named_person_is_served_by_the_gateway(tmp_path: Path) -> None:
    """A user or organisation named by the flag goes to the gateway at zero percent; the rest stays."""
    async with (
        Oddities() as legacy,
        Oddities() as public,
        shadowed(tmp_path, legacy.address, public=public.port) as rig,
        RawClient(rig.url) as client,
    ):
        rig.promote("items.get", Stage.CANARY, percent=0.0, named=("user:u-1", "org:o-9"))
        for token in ("eyJhIjowfQ.eyJzdWIiOiJ1LTEifQ.x", "eyJhIjowfQ.eyJzdWIiOiJ1LTIiLCJvcmdfaWQiOiJvLTkifQ.x"):
            await client.ask("GET", "/items/1", ("Authorization", f"Bearer {token}"))
        assert sum(public.deliveries.values()) == 2
        await client.ask("GET", "/items/1", ("Authorization", "Bearer eyJhIjowfQ.eyJzdWIiOiJ1LTMifQ.x"))
        assert sum(public.deliveries.values()) == 2


async def test_reads_served_by_the_gateway_are_copied_to_legacy(tmp_path: Path) -> None:
    """A served read asks legacy once more and is observed as served; a served write never reaches legacy."""
    async with Oddities() as legacy, Oddities() as public:
        public.override = candidate.faithful
        async with shadowed(tmp_path, legacy.address, public=public.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.CANARY, percent=100.0)
            rig.promote("items.create", Stage.CANARY, percent=100.0)
            await client.ask("GET", "/items/1?x=%2B")
            await client.ask("POST", "/items", body=b"{}")
            expected = {("items.get", "compared", ""): 1, ("items.create", "unmirrored", "write"): 1}
            assert await rig.settled(2) == expected
            assert legacy.deliveries == {"GET /items/1?x=%2B": 1}
            assert [o.mode for o in rig.observations()] == ["served"]


async def test_a_closed_route_answers_410_and_spares_legacy(tmp_path: Path) -> None:
    """A closed route answers 410 with its successor and CORS headers, preflights included; legacy sees nothing."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        rig.promote("items.get", Stage.CLOSED)
        asked = ("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")
        preflight = await client.ask("OPTIONS", "/items/a%2Fb", ORIGIN, *asked)
        assert preflight.status == 200
        assert preflight.header("access-control-allow-headers") == "authorization"
        reply = await client.ask("GET", "/items/a%2Fb?x=1", ORIGIN)
        assert reply.status == 410
        assert reply.header("content-type") == "application/problem+json"
        assert reply.header("link") == '<http://gateway.example/api/v1/items/a%2Fb?x=1>; rel="successor-version"'
        assert reply.header("access-control-allow-origin") == "*"
        assert json.loads(reply.body)["status"] == 410
        assert not legacy.deliveries
        assert await rig.settled(2) == {("items.get", "off", "closed"): 2}


async def test_redirects_and_farewells_speak_of_legacy_paths(tmp_path: Path) -> None:
    """A Location from the gateway leads back to the listener; a sunset date is announced with the successor."""

    async def redirecting(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        location = f"http://{value(head, 'host')}/api/v1/items/9%2F?y=1"
        writer.write(answer("307 Temporary Redirect", b"", ("location", location)))

    async with Oddities() as legacy, Oddities() as public:
        public.override = redirecting
        async with shadowed(tmp_path, legacy.address, public=public.port) as rig, RawClient(rig.url) as client:
            rig.promote("redirect", Stage.GATEWAY, sunset="2027-01-31")
            reply = await client.ask("GET", "/redirect", ("Host", "platform.example:8000"))
            assert reply.header("location") == "http://platform.example:8000/items/9%2F?y=1"
            assert reply.header("sunset") == "Sun, 31 Jan 2027 00:00:00 GMT"
            assert reply.header("deprecation").startswith("@")
            assert "http://gateway.example/api/v1/redirect" in reply.header("link")


async def test_preflights_follow_their_route(tmp_path: Path) -> None:
    """A preflight is legacy's in canary and the gateway's in gateway, there asking for the gateway's method."""
    asked = ("Access-Control-Request-Method", "POST")
    async with (
        Oddities() as legacy,
        Oddities() as public,
        shadowed(tmp_path, legacy.address, public=public.port) as rig,
        RawClient(rig.url) as client,
    ):
        rig.promote("items.create", Stage.CANARY, percent=100.0)
        assert (await client.ask("OPTIONS", "/items", ORIGIN, asked)).status == 200
        assert not public.deliveries
        rig.promote("items.create", Stage.GATEWAY)
        assert (await client.ask("OPTIONS", "/items", ORIGIN, asked)).status == 200
        assert public.deliveries == {"OPTIONS /api/v1/items": 1}
        assert legacy.deliveries["OPTIONS /items"] >= 1
