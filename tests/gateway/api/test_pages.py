"""Which own page a request is for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.core.policy import Api, Cors, Limit
from gateway.core.routes import Access, Kind, Stage
from gateway.flags.flag import Flag, FlagSnapshot
from tests.apps.echo import upstream
from tests.apps.gateways import Running, running
from tests.apps.table import bearer, route, table
from tests.apps.wire import talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROUTES = (
    route("things.get", "compute", "GET /things/{id}", "GET /api/v1/things/{id}"),
    route("files", "compute", "GET /files/{rest*}", "GET /api/files/{rest*}", access=Access.PUBLIC),
    route("socket", "compute", "GET /s", "GET /api/v1/things/{id}", kind=Kind.WEBSOCKET),
    route("keys", "compute", "GET /internal/keys", None, access=Access.INTERNAL),
)
TABLE = table("http://unused", *ROUTES)
READ = ["/api/v1/openapi.json", "/api/v1/docs", "/.cutover/health", "/.cutover/flags", "/.cutover/openapi.json"]


@pytest.fixture
async def gate() -> AsyncIterator[Running]:
    """A gateway over the table."""
    async with running(TABLE) as running_gate:
        yield running_gate


async def test_health_is_public(gate: Running) -> None:
    """Anyone may ask whether the gateway is up."""
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


async def test_openapi_lists_what_is_exposed(gate: Running) -> None:
    """Exposed operations with their parameters, access and stage; valid; internal routes and sockets left out."""
    answer = await gate.get("/api/v1/openapi.json")
    document = answer.json()
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert list(document["paths"])[:2] == ["/api/v1/things/{id}", "/api/files/{rest}"]
    operation = document["paths"]["/api/v1/things/{id}"]["get"]
    assert (operation["operationId"], operation["security"]) == ("things.get", [{"jwt": []}])
    assert operation["x-cutover-stage"] == "gateway"
    assert document["servers"] == [{"url": gate.addresses.public}]
    assert (await gate.get("/.cutover/openapi.json")).content == answer.content


async def test_documents_are_kept_by_their_tag(gate: Running) -> None:
    """A client that has it is told so, over CORS too; another stage is another document."""
    first = await gate.get("/api/v1/openapi.json", headers={"Origin": "http://a"})
    assert first.headers["access-control-allow-origin"] == "*"
    again = await gate.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    gate.flags = FlagSnapshot(9, "salt", {})
    changed = await gate.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("path", READ)
async def test_every_page_answers_head_and_options(gate: Running, path: str) -> None:
    """HEAD is GET without its body; OPTIONS names the methods; others are 405 in problem+json."""
    whole = await gate.get(path)
    head = await gate.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    options = await gate.client.options(path)
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    wrong = await gate.client.post(path, json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert wrong.headers["content-type"] == "application/problem+json"
    assert wrong.json()["detail"] == "Method Not Allowed"


@pytest.mark.parametrize(
    "path",
    [
        "/.cutover/none",
        "/.cutover/",
        "/ofrep/v1/none",
        "/ofrep/v1/evaluate/flags/",
        "/.cutover/health/",
        "/ofrep/v2/evaluate/flags/a",
    ],
)
async def test_unknown_own_paths_are_problems(gate: Running, path: str) -> None:
    """Not found, without a redirect built from whatever Host the client sent."""
    answer = await gate.get(path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


async def test_own_pages_carry_what_every_answer_does(gate: Running) -> None:
    """A request id, a date, the security headers, and a line in the metrics under a name of its own."""
    answer = await gate.get("/api/v1/docs", headers={"X-Request-ID": "mine"})
    assert answer.headers["x-request-id"] == "mine"
    assert "date" in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]
    assert gate.gateway.context.metrics.value("cutover_requests_total", route="cutover.docs", status="200") == 1


async def test_own_pages_pass_the_guard(gate: Running) -> None:
    """What can be read in two ways is refused for them too."""
    twice = await talk(gate.port, b"GET /.cutover/health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n")
    assert twice.startswith(b"HTTP/1.1 400")


async def test_foreign_origins_are_refused() -> None:
    """One CORS policy for own pages as for routes."""
    async with running(table("http://unused", *ROUTES, cors=Cors(origins=("http://a",)))) as gate:
        asked = {"Origin": "http://evil", "Access-Control-Request-Method": "GET"}
        assert (await gate.client.options("/api/v1/docs", headers=asked)).status_code == 400
        answer = await gate.get("/api/v1/docs", headers={"Origin": "http://evil"})
        assert "access-control-allow-origin" not in answer.headers


async def test_the_prefix_is_a_setting() -> None:
    """Own pages move with it, and follow a reload; a route beside them is served as ever."""
    async with upstream() as up, running(table(up.address, *ROUTES, api=Api("/gate"))) as gate:
        assert (await gate.get("/gate/openapi.json")).status_code == 200
        assert (await gate.get("/api/v1/openapi.json")).status_code == 404
        assert (await gate.get("/api/v1/things/docs", headers=bearer())).status_code == 200
        gate.gateway.reload(table(up.address, *ROUTES))
        assert (await gate.get("/gate/openapi.json")).status_code == 404
        document = json.loads((await gate.get("/api/v1/openapi.json")).content)
        assert "/api/v1/health/services" in document["paths"]


async def test_own_pages_are_not_on_the_internal_listener(gate: Running) -> None:
    """Only health and metrics are."""
    for path in READ:
        assert (await gate.internal.get(path)).status_code == 404


async def test_own_pages_are_limited_by_address() -> None:
    """In the class `read`, told in the headers; what load balancers ask is not."""
    known = replace(TABLE, limits={"read": Limit(rate=1, per=600, burst=2)})
    async with running(known) as gate:
        statuses = [(await gate.get("/.cutover/flags")).status_code for _ in range(3)]
        refused = await gate.client.post("/ofrep/v1/evaluate/flags", json={})
        assert statuses == [200, 200, 429]
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
        assert {(await gate.get("/.cutover/health")).status_code for _ in range(5)} == {200}
        assert (await gate.client.options("/.cutover/flags")).status_code == 204
