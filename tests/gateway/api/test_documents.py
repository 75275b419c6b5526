"""Reading documents."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import documents as module
from gateway.api.documents import Documents
from gateway.metrics import Metrics
from gateway.transport.pool import Pool
from tests.apps.echo import Seen, Upstream, respond, upstream
from tests.apps.table import route, service, table, target
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.core.table import RouteTable

A = route("a", "compute", "GET /a", "GET /api/a")


def text(path: str = "/a") -> bytes:
    """A document with one operation."""
    return json.dumps({"openapi": "3.1.0", "paths": {path: {"get": {}}}}).encode()


def answering(body: bytes, status: int = 200) -> Any:
    """A behaviour that answers with this."""

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        return await respond(writer, status, body)

    return behave


def of(up: Upstream, place: str = "/openapi.json") -> RouteTable:
    """A table whose service has its document there."""
    return table(up.address, A, services=(service("compute", up.address, openapi=place),))


@pytest.fixture
async def known() -> AsyncIterator[Documents]:
    """Documents over a pool of their own."""
    pool = Pool()
    found = Documents(pool, Metrics())
    yield found
    found.close()
    pool.close()


def failures(known: Documents, reason: str) -> int:
    """How many were counted."""
    return known._metrics.value("cutover_openapi_failures_total", service="compute", reason=reason)


async def test_a_document_is_asked_of_the_service_itself(known: Documents) -> None:
    """At its internal address, once for all who ask."""
    async with upstream(answering(text())) as up:
        table = of(up)
        found = await asyncio.gather(*(known.of(table) for _ in range(5)))
        assert all(item["compute"] and item["compute"].find(target("GET /a")) for item in found)
        assert [seen.target for seen in up.seen] == ["/openapi.json"]
        assert found[0]["front"] is None
        assert known.version == 1


async def test_a_url_is_asked_as_it_is(known: Documents) -> None:
    """With its query."""
    async with upstream(answering(text())) as up:
        assert (await known.of(of(up, f"{up.address}/docs?v=1")))["compute"]
        assert up.seen[0].target == "/docs?v=1"


async def test_a_file_stands_beside_the_table(known: Documents, tmp_path: Path) -> None:
    """Its name is relative to cutover.yaml; one that is too large or gone is counted."""
    (tmp_path / "a.json").write_bytes(text())
    (tmp_path / "large.json").write_bytes(b" " * (module.LARGEST + 1))
    async with upstream() as up:
        assert (await known.of(replace(of(up, "a.json"), folder=str(tmp_path))))["compute"]
        assert (await known.of(replace(of(up, "large.json"), folder=str(tmp_path))))["compute"] is None
        assert (await known.of(replace(of(up, "none.json"), folder=str(tmp_path))))["compute"] is None
    assert (failures(known, "unusable"), failures(known, "unreachable")) == (1, 1)


@pytest.mark.parametrize(
    ("behave", "reason"),
    [(answering(b"<html>"), "unusable"), (answering(text(), 404), "unusable"), (None, "unusable")],
)
async def test_what_cannot_be_used_is_counted(known: Documents, behave: Any, reason: str) -> None:
    """The service is there by the route table alone."""
    async with upstream(behave) as up:
        assert (await known.of(of(up)))["compute"] is None
    assert failures(known, reason) == 1


async def test_an_unreachable_service_keeps_the_document_it_had(
    known: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read once stands until it can be read again, and a new version is taken over then."""
    monkeypatch.setattr(module, "FRESH", 0)
    async with upstream(answering(text())) as up:
        table = of(up)
        first = (await known.of(table))["compute"]
        up.behave = answering(b"", 503)
        await known.refresh(table)
        assert known.known["compute"] is first
        assert (failures(known, "unusable"), known.version) == (1, 1)
        up.behave = answering(text("/b"))
        await known.refresh(table)
        changed = known.known["compute"]
        assert changed
        assert changed.find(target("GET /b"))
        assert known.version == 2
        await known.refresh(table)
        assert (known.known["compute"], known.version) == (changed, 2)


async def test_stale_documents_are_answered_and_read_again_behind(
    known: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a refresh."""
    async with upstream(answering(text())) as up:
        table = of(up)
        first = await known.of(table)
        monkeypatch.setattr(module, "FRESH", 0)
        up.behave = answering(text("/b"))
        assert await known.of(table) is first
        await known.refresh(table)
        assert known.version == 2


async def test_another_table_is_read_at_once(known: Documents) -> None:
    """After a reload the documents are those of the new table's services."""
    async with upstream(answering(text())) as one, upstream(answering(text("/b"))) as two:
        assert (await known.of(of(one)))["compute"]
        found = (await known.of(of(two)))["compute"]
        assert found
        assert found.find(target("GET /b"))


async def test_a_reload_meets_nobody_in_mid_reading(known: Documents) -> None:
    """Whoever waits for the old table's documents is answered; what is kept is the new table's."""
    release = asyncio.Event()

    async def slow(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        return await respond(writer, 200, text())

    async with upstream(slow) as one, upstream(answering(text("/b"))) as two:
        old, new = of(one), of(two)
        waiting = asyncio.create_task(known.of(old))
        await eventually(lambda: len(one.seen) == 1)
        assert (await known.of(new))["compute"]
        release.set()
        await waiting
        found = known.known["compute"]
        assert found
        assert found.find(target("GET /b"))
