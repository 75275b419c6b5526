from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps.candidate import faithful
from tests.apps.oddities import Oddities, value
from tests.apps.rawclient import Answer, RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    from pathlib import Path

SESSION = [
    ("GET", "/items/7", b""),
    ("GET", "/fault", b""),
    ("GET", "/items/a%2Fb%20c?x=1&x=2&t=2026-11-22T18:00:00%2B00:00", b""),
    ("GET", "/fault", b""),
    ("POST", "/items", b'{"name":"one"}'),
    ("GET", "/redirect", b""),
    ("GET", "/empty", b""),
    ("GET", "/fault", b""),
    ("POST", "/items", b'{"name":"two"}'),
    ("OPTIONS", "/items", b""),
    ("GET", "/nowhere?", b""),
    ("DELETE", "/unknown/\xc3\xa9".encode("latin-1").decode("latin-1"), b"{}"),
    ("GET", "/large?size=3000000", b""),
    ("POST", "/items", b"y" * 2_000_000),
    ("GET", "/items/8", b""),
]


async def play(address: str) -> tuple[list[Answer], int]:
    """The session's answers on one kept connection, and how often it had to be opened again."""
    async with RawClient(address) as client:
        answers = [await client.ask(method, target, ("Accept", "*/*"), body=body) for method, target, body in SESSION]
        return answers, client.reconnects


async def test_every_answer_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    """Direct and shadowed sessions answer with equal heads and bodies: 500s that close silently cause no 502."""
    async with Oddities() as direct, Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig:
        expected, _ = await play(direct.address)
        for stage in (Stage.LEGACY, Stage.SHADOW):
            legacy.deliveries.clear()
            for route in ("items.get", "items.create", "fault", "redirect", "empty", "large"):
                rig.promote(route, stage)
            answers, reconnects = await play(rig.url)
            assert answers == expected
            assert not reconnects
            assert legacy.deliveries == direct.deliveries


@pytest.mark.proof
async def test_a_service_gets_the_request_as_it_was_sent(tmp_path: Path) -> None:
    """Order, case and duplicates of request headers, the Host and the body reach the service; the client is named."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        headers = [("HOST", "dash.example:8000"), ("X-b", "1"), ("x-B", "2"), ("Authorization", "Bearer x.y.z")]
        await client.ask("POST", "/items?q=%2B", *headers, ("X-Forwarded-For", "203.0.113.9"), body=b"\x00\xff")
        assert legacy.heads[-1][:2] == ("POST", "/items?q=%2B")
        expected = [*headers, ("Content-Length", "2"), ("X-Forwarded-For", "203.0.113.9, 127.0.0.1")]
        assert sorted(legacy.heads[-1][2]) == sorted(expected)
        assert [pair for pair in legacy.heads[-1][2] if pair in headers] == headers
        assert legacy.bodies[-1] == b"\x00\xff"


@pytest.mark.proof
async def test_a_mark_from_a_client_is_stripped_and_never_copied(tmp_path: Path) -> None:
    """A request that claims to be a copy is served without its mark and makes no copy: a loop ends here."""
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = faithful
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig, RawClient(rig.url) as client:
            rig.promote("items.get", Stage.SHADOW)
            assert (await client.ask("GET", "/items/1", ("Cutover-Copy", "read;1;2;3;4"))).status == 200
            assert value(legacy.heads[-1], "cutover-copy") == ""
            assert await rig.settled(1) == {("items.get", "off", "loop"): 1}
            assert not internal.deliveries


@pytest.mark.proof
async def test_a_connection_that_legacy_closed_while_idle_costs_no_answer(tmp_path: Path) -> None:
    """A kept connection that legacy drops between two requests is not used for the second."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        for number in range(5):
            assert (await client.ask("GET", f"/items/{number}")).status == 200
            legacy.drop()
            assert (await client.ask("POST", "/items", body=b"{}")).status == 201
            legacy.drop()
        assert sum(legacy.writes.values()) == 5


@pytest.mark.proof
async def test_a_dead_service_is_answered_for(tmp_path: Path) -> None:
    """When the service does not answer, the shadow answers 503 with headers that let a browser read it."""
    async with Oddities() as legacy, shadowed(tmp_path, legacy.address) as rig, RawClient(rig.url) as client:
        await legacy.stop()
        answer = await client.ask("GET", "/items/1", ("Origin", "http://dash.example"))
        assert answer.status == 503
        assert answer.header("access-control-allow-origin") == "*"
        assert b"svc does not answer" in answer.body
        assert await rig.settled(1) == {("items.get", "unmirrored", "no-answer"): 1}
