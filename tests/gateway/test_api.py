"""The gateway's own API."""

from __future__ import annotations

import pytest

from gateway.core.routes import Access, Kind, Stage
from gateway.flags.flag import Flag, FlagSnapshot
from tests.apps.gateways import running
from tests.apps.table import route, table

TABLE = table(
    "http://unused",
    route("things.get", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    route("files", "compute", "GET /files/{rest*}", "GET /api/files/{rest*}", access=Access.PUBLIC),
    route("socket", "compute", "GET /s", "GET /api/things/{id}", kind=Kind.WEBSOCKET),
    route("keys", "compute", "GET /internal/keys", None, access=Access.INTERNAL),
)


async def test_health_is_public() -> None:
    """Anyone may ask whether the gateway is up."""
    async with running(TABLE) as gate:
        assert (await gate.get("/.cutover/health")).json() == {"status": "ok", "platform": "test", "flags": 1}


async def test_flags_show_stages_and_no_people() -> None:
    """Stage and share are told; who was named, by whom and why is not."""
    flag = Flag("things.get", Stage.CANARY, 25.0, ("user:alice",), revision=3, by="bob", reason="because")
    async with running(TABLE, flags=FlagSnapshot(3, "salt", {"things.get": flag})) as gate:
        answer = await gate.get("/.cutover/flags")
    assert answer.json()["routes"]["things.get"] == {"stage": "canary", "percent": 25.0, "revision": 3}
    assert answer.json()["routes"]["files"]["stage"] == "legacy"
    assert "keys" not in answer.json()["routes"]
    for secret in ("alice", "bob", "because", "salt"):
        assert secret not in answer.text


async def test_openapi_lists_what_is_exposed() -> None:
    """Exposed operations with their parameters and access; internal routes and sockets are left out."""
    async with running(TABLE) as gate:
        document = (await gate.get("/.cutover/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]) == ["/api/things/{id}", "/api/files/{rest}"]
    operation = document["paths"]["/api/things/{id}"]["get"]
    assert (operation["operationId"], operation["security"]) == ("things.get", [{"jwt": []}])
    assert operation["parameters"][0]["name"] == "id"
    assert document["paths"]["/api/files/{rest}"]["get"]["security"] == []


@pytest.mark.parametrize("path", ["/.cutover/docs"])
async def test_docs_are_one_page(path: str) -> None:
    """The page loads nothing from elsewhere and escapes what it shows."""
    async with running(TABLE) as gate:
        answer = await gate.get(path)
    assert "/api/things/{id}" in answer.text
    assert "http" not in answer.text.partition("<h1>")[0]
    assert "src=" not in answer.text
    assert "/internal/keys" not in answer.text


async def test_no_redirect_is_built_from_the_clients_host() -> None:
    """A trailing slash is not found; no answer repeats the Host header as an address."""
    async with running(TABLE) as gate:
        answer = await gate.get("/.cutover/health/", headers={"Host": "evil.example"})
    assert (answer.status_code, "location" in answer.headers) == (404, False)
