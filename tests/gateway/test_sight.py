"""What can be seen of a running gateway, and what cannot."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import websockets

from gateway.catalogue import METRICS
from gateway.core.policy import Limit
from gateway.core.routes import Access, Kind, Stage
from gateway.handle import Parts
from tests.apps.echo import respond, upstream
from tests.apps.exposition import parse
from tests.apps.gateways import running
from tests.apps.sidecar import sidecar
from tests.apps.table import ORGANISATION, bearer, flags, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.exposition import Family
    from tests.apps.gateways import Running

ROUTES = (
    route("get", "compute", "GET /things", "GET /api/things"),
    route("one", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    route("make", "compute", "POST /things", "POST /api/things"),
    route("invited", "front", "GET /i/{token}", "GET /api/i/{token}", access=Access.PUBLIC),
    route("login", "front", "POST /login", "POST /api/login", access=Access.PUBLIC),
)
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it, which logs."""
    limits = {"read": Limit(60000, 60, 1000), "write": Limit(60)}
    known = replace(table(up.address, *ROUTES, build="b7"), limits=limits)
    async with running(known, settings=settings(access_log=True)) as one:
        yield one


async def told(gate: Running) -> dict[str, Family]:
    """What /metrics says, read strictly."""
    return parse((await gate.internal.get("/metrics")).text)


def logged(gate: Running, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The access log so far, read strictly."""
    assert gate.gateway.context.log is not None
    gate.gateway.context.log.flush()
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"event"' not in line]


async def test_metrics_tell_of_every_request_by_route_stage_status_and_service(gate: Running) -> None:
    """One request moves one number of each kind, and only where it belongs."""
    assert (await gate.client.post("/api/things", content=b"12345", headers=bearer())).status_code == 200
    await gate.get("/api/things", headers=bearer())
    await gate.get("/api/things")
    await gate.get("/nowhere")
    seen = await told(gate)
    requests = seen["cutover_requests_total"]
    assert requests.value(route="make", stage="served", status="200") == 1
    assert requests.value(route="get", stage="served", status="401") == 1
    assert requests.value(route="none", stage="none", status="404") == 1
    assert requests.value() == 4
    assert seen["cutover_request_seconds"].value("_count", route="get", stage="served") == 2
    assert seen["cutover_upstream_requests_total"].value(service="compute", status="200") == 2
    assert seen["cutover_upstream_requests_total"].value() == 2
    for name in ("cutover_upstream_first_byte_seconds", "cutover_upstream_seconds"):
        assert seen[name].value("_count", service="compute") == 2
        assert 0 < seen[name].value("_sum") <= seen["cutover_request_seconds"].value("_sum")
    assert seen["cutover_received_bytes_total"].value(route="make") == 5
    assert seen["cutover_sent_bytes_total"].value(route="make") > 5
    assert seen["cutover_pool_opened_total"].value(service="compute") == 1
    assert seen["cutover_pool_connections"].value(service="compute", state="idle") == 1
    assert seen["cutover_pool_connections"].value(service="compute", state="in-use") == 0
    assert seen["cutover_build_info"].value(build="b7") == 1
    assert seen["cutover_table_info"].value(platform="test", digest=gate.gateway.context.reloads.digest) == 1


async def test_what_is_open_is_seen_while_it_is(up: Upstream, gate: Running) -> None:
    """A request in flight and its connection are counted until the answer is out."""
    come = asyncio.Event()

    async def slow(_seen: Any, _reader: Any, writer: asyncio.StreamWriter) -> bool:
        await come.wait()
        return await respond(writer, 200)

    up.behave = slow
    waiting = asyncio.create_task(gate.get("/api/things", headers=bearer()))
    end = time.monotonic() + 10
    while not up.seen:
        assert time.monotonic() < end
        await asyncio.sleep(0.005)
    seen = await told(gate)
    assert seen["cutover_requests_in_flight"].value() == 1
    assert seen["cutover_pool_connections"].value(service="compute", state="in-use") == 1
    come.set()
    await waiting
    seen = await told(gate)
    assert seen["cutover_requests_in_flight"].value() == 0
    assert seen["cutover_pool_connections"].value(service="compute", state="in-use") == 0


async def test_a_service_that_fails_is_told_apart_from_one_that_answers(up: Upstream, gate: Running) -> None:
    """A request without an answer counts as such and says nothing about speed; no made-up status becomes a label."""

    async def odd(_seen: Any, _reader: Any, writer: asyncio.StreamWriter) -> bool:
        return await respond(writer, 799)

    up.behave = odd
    await gate.get("/api/things", headers=bearer())
    up.behave = lambda *_: asyncio.sleep(0, result=False)
    assert (await gate.get("/api/things", headers=bearer())).status_code == 502
    seen = await told(gate)
    assert {have for _, have in seen["cutover_upstream_requests_total"].samples} == {
        (("service", "compute"), ("status", "none"))
    }
    assert "cutover_upstream_seconds" not in seen


async def test_no_client_makes_up_a_series(gate: Running) -> None:
    """Whatever paths, methods, hosts, ids and headers come, what comes later adds no line."""

    async def odd_ones(start: int) -> None:
        for number in range(start, start + 25):
            headers = {"X-Request-ID": f"r{number}", "X-Forwarded-For": f"9.9.9.{number}", "Host": f"h{number}"}
            await gate.client.request("GET", f"/nowhere/{number}", headers=headers)
            await gate.client.request(f"M{number}", f"/api/things/{number}", headers=headers)
            await gate.get(f"/api/things/{number}?q={number}", headers={**bearer(sub=f"u{number}"), **headers})
            await gate.get(f"/api/i/{number}", headers=headers)

    async def series() -> set[tuple[str, object]]:
        seen = await told(gate)
        # The first beat comes when it comes.
        seen.pop("cutover_event_loop_lag_seconds", None)
        return {(name, key) for name, family in seen.items() for key in family.samples}

    await odd_ones(0)
    first = await series()
    await odd_ones(25)
    assert await series() == first


async def test_labels_are_those_declared(gate: Running) -> None:
    """Each family comes with its kind, its help and exactly the labels of the catalogue."""
    await gate.get("/api/things", headers=bearer())
    await gate.get("/nowhere")
    for name, family in (await told(gate)).items():
        assert (family.kind, family.help) == (METRICS[name].kind, METRICS[name].help)
        assert family.labels == {METRICS[name].labels}


async def test_copies_move_no_number_of_services(up: Upstream, gate: Running) -> None:
    """Transparent calls count with their own stage; nothing is told of calls that nobody made."""
    gate.flags = flags(gate.gateway.context.table, Stage.SHADOW, left_shadow=True)
    await gate.get("/api/things")
    seen = await told(gate)
    assert seen["cutover_requests_total"].value(route="get", stage="transparent", status="200") == 1
    assert "cutover_copies_total" not in seen
    assert len(up.seen) == 1


async def test_metrics_health_and_readiness_are_internal_only(gate: Running) -> None:
    """On the public listener none of the pages exists, however it is asked for."""
    for path in ("/metrics", "/health", "/ready", "/.cutover/metrics", "/.cutover/ready", "/metrics/"):
        assert (await gate.get(path)).status_code in {404, 307}
        assert "cutover_" not in (await gate.client.get(path, follow_redirects=True)).text
    for path in ("/metrics", "/health", "/ready"):
        assert (await gate.internal.get(path)).status_code == 200
        assert (await gate.internal.post(path)).status_code == 404


async def test_readiness_ends_with_the_drain_and_health_does_not(gate: Running) -> None:
    """Whoever balances load sends nothing new to a gateway that drains, and nobody kills it for that."""
    ready = await gate.internal.get("/ready")
    assert (ready.status_code, ready.json()["ready"], ready.json()["status"]) == (200, True, "ok")
    gate.gateway.context.draining = True
    ready, health = await gate.internal.get("/ready"), await gate.internal.get("/health")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert (health.status_code, health.json()["status"]) == (200, "draining")
    assert (await told(gate))["cutover_draining"].value() == 1


async def test_log_line_says_what_came_of_a_request(gate: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """Service, seconds, limit, trace, who and for whom stand in the line beside what came of it."""
    headers = {**bearer(), "traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-ID": "mine"}
    await gate.get("/api/things", headers=headers)
    await gate.get("/nowhere")
    served, unknown = logged(gate, capsys)
    assert (
        served.items()
        >= {
            "request_id": "mine",
            "trace": TRACE,
            "route": "get",
            "stage": "served",
            "service": "compute",
            "status": 200,
            "subject": "user-1",
            "organisation": ORGANISATION,
            "limit": "read",
            "left": 999,
        }.items()
    )
    assert 0 < served["upstream_seconds"] <= served["seconds"]
    assert not {"service", "upstream_seconds", "limit", "left", "route"} & set(unknown)


async def test_request_id_and_trace_are_everywhere(
    up: Upstream, gate: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Answer, service, problem and log name the same request; the service is a child of the gateway's span."""
    state = {"tracestate": "vendor=1", "X-Trace-ID": "platform-own"}
    parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", **state}
    one = await gate.get("/api/things", headers={**bearer(), **parent})
    seen = up.seen[0]
    assert seen.values("x-request-id") == [one.headers["x-request-id"]]
    assert seen.values("tracestate") == ["vendor=1"]
    assert seen.values("x-trace-id") == ["platform-own"]
    [sent] = seen.values("traceparent")
    assert sent.startswith(f"00-{TRACE}-")
    assert sent.endswith("-01")
    assert "b7ad6b7169203331" not in sent
    problem = await gate.get("/api/things", headers=parent)
    assert problem.json()["request_id"] == problem.headers["x-request-id"]
    await gate.get("/api/things", headers={**bearer(), "traceparent": "garbage", **state})
    [restarted] = up.seen[1].values("traceparent")
    assert up.seen[1].values("tracestate") == []
    await gate.get("/api/things", headers=bearer())
    [begun] = up.seen[2].values("traceparent")
    lines = logged(gate, capsys)
    assert [line["trace"] for line in lines] == [TRACE, TRACE, restarted.split("-")[1], begun.split("-")[1]]
    assert lines[0]["request_id"] == one.headers["x-request-id"]
    assert lines[1]["request_id"] == problem.headers["x-request-id"]


async def test_socket_carries_request_id_and_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """The handshake reaches the service with both, is logged with both, and is seen open while it is."""
    async with sidecar() as side:
        logs = route("logs", "compute", "GET /logs", "GET /api/logs", kind=Kind.WEBSOCKET)
        async with running(table(side.address, logs), settings=settings(access_log=True)) as gate:
            url = gate.addresses.public.replace("http", "ws", 1) + "/api/logs"
            sent = {**bearer(), "X-Request-ID": "mine", "traceparent": f"00-{TRACE}-b7ad6b7169203331-00"}
            async with websockets.connect(url, additional_headers=sent, proxy=None) as socket:
                assert (await told(gate))["cutover_sockets_open"].value() == 1
                await socket.send("close 4711 enough")
                await socket.wait_closed()
            end = time.monotonic() + 10
            while not gate.gateway.context.metrics.value("cutover_sockets_total"):
                assert time.monotonic() < end
                await asyncio.sleep(0.005)
            seen = await told(gate)
            assert seen["cutover_sockets_total"].value(route="logs", code="4xxx") == 1
            assert seen["cutover_sockets_open"].value() == 0
            [line] = logged(gate, capsys)
            assert (line["request_id"], line["trace"], line["service"]) == ("mine", TRACE, "compute")
            assert seen["cutover_upstream_requests_total"].value(service="compute", status="101") == 1
            assert "cutover_upstream_seconds" not in seen
        [handshake] = side.handshakes
        assert handshake["x-request-id"] == "mine"
        assert handshake["traceparent"].startswith(f"00-{TRACE}-")
        assert handshake["traceparent"].endswith("-00")


async def test_fault_is_found_in_the_log_by_its_request_and_trace(
    up: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    """The line of an unexpected exception names both ids that the client and the service know."""

    def fault(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    async with running(table(up.address, *ROUTES), parts=Parts(authorise=fault)) as gate:
        headers = {**bearer(), "traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-ID": "mine"}
        assert (await gate.get("/api/things", headers=headers)).status_code == 500
    assert f"(request mine, trace {TRACE})" in caplog.text


async def test_no_secret_is_logged(gate: Running, capsys: pytest.CaptureFixture[str]) -> None:
    """Queries, headers, bodies, secret path segments and names of people stay out of the log, wherever they come."""
    secret, invite = "s3cr3t-0123456789", "1nv1te-abcdefghijklmnop"
    spoken = {"Cookie": f"session={secret}", "X-API-Key": secret, "X-Internal-API-Key": secret}
    token = bearer(sub="someone@example.org", org_id="boss@example.org")
    for path, headers in (
        (f"/api/things?access_token={secret}", token),
        (f"/api/things?token={secret}", {"Authorization": f"Bearer {secret}"}),
        (f"/api/things?token={secret}", {"Authorization": f"Bearer sk-{secret}"}),
        (f"/api/i/{invite}?token={secret}", {}),
        (f"/unknown/{invite}?token={secret}", {}),
        (f"/unknown/%2e/{invite}", {}),
        (f"/api/i/{invite}/../{invite}", {}),
    ):
        await gate.get(path, headers={**spoken, **headers})
    await gate.client.post("/api/login", json={"password": secret, "email": "someone@example.org"}, headers=spoken)
    assert gate.gateway.context.log is not None
    gate.gateway.context.log.flush()
    written = capsys.readouterr().err
    assert written.count('"path"') >= 8
    metrics = (await gate.internal.get("/metrics")).text
    for word in (secret, invite, token["Authorization"].split(".")[1], "someone", "boss"):
        assert word not in written
        assert word not in metrics
