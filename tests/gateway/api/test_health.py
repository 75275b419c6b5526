"""How the services are."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from gateway.api import health as module
from gateway.core.routes import Timeouts
from tests.apps.echo import respond, upstream
from tests.apps.gateways import running
from tests.apps.table import route, service, table

if TYPE_CHECKING:
    import pytest

    from gateway.core.table import RouteTable

A = route("a", "compute", "GET /a", "GET /api/a")
PATH = "/api/v1/health/services"


def answering(status: int) -> Any:
    """A behaviour."""

    async def behave(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        return await respond(writer, status, b"{}")

    return behave


async def hanging(*_: object) -> bool:
    """Never answer."""
    await asyncio.Event().wait()
    return False


def of(compute: str, front: str, **options: Any) -> RouteTable:
    """A table of two services at these addresses."""
    services = (service("compute", compute, title="Compute"), service("front", front, **options))
    return table(compute, A, services=services)


async def told(table: RouteTable) -> dict[str, Any]:
    """The page's JSON, latencies aside."""
    async with running(table) as gate:
        answer = await gate.get(PATH)
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    for item in document["services"]:
        assert (item.pop("latency_ms") is None) == (item["status"] == "offline")
    return document


async def test_all_online_is_healthy() -> None:
    """In the shape the dashboard reads: the gateway itself, then each service by its title."""
    async with upstream(answering(200)) as up:
        document = await told(of(up.address, up.address))
    assert (document["status"], list(document)) == ("healthy", ["status", "version", "services"])
    assert document["services"] == [
        {"name": "API Gateway", "status": "online", "error": None},
        {"name": "Compute", "status": "online", "error": None},
        {"name": "front", "status": "online", "error": None},
    ]
    assert [seen.target for seen in up.seen] == ["/health", "/health"]


async def test_an_answer_that_is_no_success_is_degraded_and_the_whole_partial() -> None:
    """As the platform's refactor has it for a service without a health page."""
    async with upstream(answering(200)) as one, upstream(answering(404)) as two:
        document = await told(of(one.address, two.address))
    assert document["status"] == "partial"
    assert document["services"][2] == {"name": "front", "status": "degraded", "error": "HTTP 404"}


async def test_silence_and_refusal_are_offline_and_the_whole_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the patience; no address is told."""
    monkeypatch.setattr(module, "_PATIENCE", Timeouts(0.2, 0.2, 0.2))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with upstream(hanging) as up:
            document = await told(of(up.address, address))
    assert document["status"] == "degraded"
    assert [item["error"] for item in document["services"]] == [None, "Timeout", "Not reachable"]
    assert "127.0.0.1" not in str(document)


async def test_a_service_may_be_left_out_or_asked_elsewhere() -> None:
    """`health` is a path, or nothing."""
    async with upstream(answering(200)) as up:
        document = await told(of(up.address, up.address, health=""))
        assert len(document["services"]) == 2
        await told(of(up.address, up.address, health="/ready?now"))
    assert {seen.target for seen in up.seen} == {"/health", "/ready?now"}


async def test_services_are_asked_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask, at once or one after the other, each service is asked once while the answer stands."""
    async with upstream(answering(200)) as up, running(of(up.address, up.address)) as gate:
        await asyncio.gather(*(gate.get(PATH) for _ in range(20)))
        await gate.get(PATH)
        assert len(up.seen) == 2
        monkeypatch.setattr(module, "FRESH", 0)
        await gate.get(PATH)
        assert len(up.seen) == 4


async def test_a_service_that_is_left_alone_is_degraded() -> None:
    """What the gateway itself does not ask for now is not online to anybody."""
    async with upstream(answering(200)) as up, running(of(up.address, up.address)) as gate:
        context = gate.gateway.context
        policy, circuit = (
            context.table.policy.circuit,
            context.resilience.circuits.of(context.table.services["front"]),
        )
        for _ in range(100):
            permit = circuit.admit(policy, asyncio.get_running_loop().time())
            if isinstance(permit, float):
                break
            circuit.failed(permit, policy, asyncio.get_running_loop().time())
        document = (await gate.get(PATH)).json()
    assert [item["status"] for item in document["services"]] == ["online", "online", "degraded"]
    assert document["services"][2]["error"] == "Left alone since it failed too often"
