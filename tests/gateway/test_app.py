"""The two applications."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from gateway import __version__
from gateway.core.digest import table_digest
from gateway.core.policy import Cors
from gateway.handle import Parts
from gateway.shared import connect
from tests.apps.echo import raw, upstream
from tests.apps.gateways import running
from tests.apps.redis_server import redis_server
from tests.apps.table import bearer, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.gateways import Running

ROUTES = (route("get", "compute", "GET /things", "GET /api/things"),)


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it, with one allowed origin."""
    async with running(table(up.address, *ROUTES, cors=Cors(origins=("http://page",)))) as one:
        yield one


async def test_errors_carry_cors_and_request_id(gate: Running) -> None:
    """What the gateway answers itself can be read by the page and named in a ticket."""
    for path in ("/api/things", "/nope"):
        answer = await gate.get(path, headers={"Origin": "http://page"})
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["access-control-allow-origin"] == "http://page"
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
        assert "date" in answer.headers
        assert "server" not in answer.headers


async def test_preflight_of_a_foreign_page_is_refused(gate: Running) -> None:
    """A page that is not listed gets no permission."""
    asked = {"Origin": "http://evil", "Access-Control-Request-Method": "GET"}
    refused = await gate.client.options("/api/things", headers=asked)
    assert (refused.status_code, refused.headers.get("access-control-allow-origin")) == (400, None)
    granted = await gate.client.options("/api/things", headers={**asked, "Origin": "http://page"})
    assert (granted.status_code, granted.headers["access-control-allow-origin"]) == (200, "http://page")


async def test_answer_without_date_gets_one(up: Upstream, gate: Running) -> None:
    """A service that sends no Date has it added, one that does keeps its own."""
    assert "date" in (await gate.get("/api/things", headers=bearer())).headers
    up.behave = raw(b"HTTP/1.1 200 OK\r\nDate: then\r\nContent-Length: 0\r\n\r\n")
    assert (await gate.get("/api/things", headers=bearer())).headers.get_list("date") == ["then"]


async def test_internal_listener_answers_health_and_metrics_and_nothing_else(up: Upstream, gate: Running) -> None:
    """Without a mark the internal listener serves no route."""
    health = (await gate.internal.get("/health")).json()
    table = table_digest(gate.gateway.context.table, __version__)
    assert health.items() >= {"status": "ok", "flags": 1, "flags_stale": False, "table": table}.items()
    metrics = await gate.internal.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "cutover_flags_revision 1" in metrics.text
    for method, path in (("GET", "/api/things"), ("POST", "/health"), ("GET", "/"), ("GET", "/.cutover/health")):
        assert (await gate.internal.request(method, path, headers=bearer())).status_code == 404
    assert up.seen == []


async def test_health_and_metrics_are_not_public(gate: Running) -> None:
    """On the public listener neither page exists."""
    for path in ("/health", "/metrics"):
        assert (await gate.get(path)).status_code == 404


async def test_stale_flags_are_told(gate: Running) -> None:
    """When the flag store is away health and metrics say so."""
    gate.gateway.context.stale = lambda: True
    assert (await gate.internal.get("/health")).json()["flags_stale"] is True
    assert "cutover_flags_stale 1" in (await gate.internal.get("/metrics")).text


async def test_fault_of_the_gateway_is_an_answer_and_a_log_entry(
    up: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception is a 500 problem that tells nothing of it, and is logged."""

    def fault(*_: Any, **_options: Any) -> None:
        raise ZeroDivisionError("inner secret")

    async with running(table(up.address, *ROUTES), parts=Parts(authorise=fault)) as gate:
        with caplog.at_level(logging.ERROR):
            answer = await gate.get("/api/things", headers=bearer())
    assert (answer.status_code, answer.json()["reason"]) == (500, "fault")
    assert "inner secret" not in answer.text
    assert "inner secret" in caplog.text


async def test_head_of_an_error_has_no_body(gate: Running) -> None:
    """The answer to HEAD never has a body."""
    answer = await gate.client.head("/api/things")
    assert (answer.status_code, answer.content) == (405, b"")


async def test_requests_are_counted(gate: Running) -> None:
    """Every answer is counted by route, stage and status, refusals by reason."""
    await gate.get("/api/things", headers=bearer())
    await gate.get("/api/things")
    count = gate.gateway.context.metrics.value
    assert count("cutover_requests_total", route="get", stage="served", status="200") == 1
    assert count("cutover_requests_total", route="get", stage="served", status="401") == 1
    assert count("cutover_refused_total", route="get", status="401", reason="missing") == 1


async def test_access_log_holds_no_secret(up: Upstream, capsys: pytest.CaptureFixture[str]) -> None:
    """A line tells who asked for which path, and neither query nor credential."""
    async with running(table(up.address, *ROUTES), settings=settings(access_log=True)) as gate:
        await gate.get("/api/things?password=hunter2", headers=bearer())
    text = capsys.readouterr().err
    document = json.loads(text)
    assert (document["path"], document["route"], document["subject"]) == ("/api/things", "get", "user-1")
    assert "hunter2" not in text
    assert "eyJ" not in text


async def test_redis_is_shared_where_configured_and_closed_at_the_end(up: Upstream) -> None:
    """One client serves all steps, asks for nothing until it is used, and leaves no connection behind."""
    with redis_server() as server:
        async with running(table(up.address, *ROUTES), settings=settings(redis_url=server.url)) as gate:
            redis = gate.gateway.context.redis
            assert redis is not None
            await redis.ping()
            assert len(await redis.client_list()) == 1
        other = connect(server.url)
        assert len(await other.client_list()) == 1
        await other.aclose()
    async with running(table(up.address, *ROUTES)) as alone:
        assert alone.gateway.context.redis is None
