"""Every wrong row of facts §8, what proxy_request does wrong or not at all, and its mapping mistakes, done right."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.core.routes import Kind, Timeouts
from tests.apps.echo import raw, respond, upstream
from tests.apps.gateways import running
from tests.apps.sidecar import sidecar
from tests.apps.table import INTERNAL_KEY, bearer, route, service, table, token
from tests.apps.wire import eventually, talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.gateways import Running

ROUTES = (
    route("deployments.list", "compute", "GET /deployment/deployments", "GET /api/v1/deployments"),
    route("deployments.get", "compute", "GET /deployment/status/{id}", "GET /api/v1/deployments/{id}"),
    route("deployments.create", "compute", "POST /deployment/deploy", "POST /api/v1/deployments"),
    route(
        "pools.create",
        "compute",
        "POST /deployment/createpool",
        "POST /api/v1/pools",
        scope=("body.owner_id",),
    ),
    route(
        "pools.list",
        "compute",
        "GET /deployment/listPools/{owner_id}",
        "GET /api/v1/pools",
        moves=[("path.owner_id", "query.owner_id")],
        scope=("query.owner_id",),
    ),
    route("users.list", "front", "GET /management/users", "GET /api/v1/users"),
    route(
        "external.delete",
        "front",
        "DELETE /management/deployments/{id}",
        "DELETE /api/v1/external-deployments/{id}",
    ),
    route("chat", "front", "POST /v1/chat/completions", "POST /api/v1/inference/chat/completions", kind=Kind.SSE),
)


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it that trusts no proxy and takes bodies up to 1 MB."""
    async with running(table(up.address, *ROUTES, max_body=1_000_000)) as one:
        yield one


async def test_authorization_does_not_reach_a_service_that_must_not_see_it(up: Upstream, gate: Running) -> None:
    """Row 1, Authorization: the JWT stays at the gateway for orchestration and travels unchanged to filtration."""
    secret = token()
    await gate.get("/api/v1/deployments", headers={"Authorization": f"Bearer {secret}"})
    await gate.get("/api/v1/users", headers={"authorization": f"bearer {secret}"})
    assert up.seen[0].values("authorization") == []
    assert secret not in str(up.seen[0])
    assert up.seen[1].values("authorization") == [f"bearer {secret}"]


@pytest.mark.parametrize("name", ["x-user-id", "X-User-ID", "X_User_Id", "x-USER_id"])
async def test_identity_of_the_client_is_replaced(up: Upstream, gate: Running, name: str) -> None:
    """Row 2, identity headers: whatever the spelling, the service sees one user, and it is the token's."""
    spoofed = [(name, "evil"), (name, "worse"), ("X-Internal-Api-Key", "guess"), ("x_internal_key", "guess")]
    headers = [*bearer().items(), *spoofed, ("X-Organization-ID", "org-9"), ("x-user-role", "owner")]
    await gate.get("/api/v1/deployments", headers=headers)
    seen = up.seen[0]
    assert seen.values("x-user-id") == ["user-1"]
    assert seen.values("x-organization-id") == ["org-1"]
    assert seen.values("x-user-role") == ["admin"]
    assert seen.values("x-internal-api-key") == [INTERNAL_KEY]
    assert not {"evil", "worse", "guess", "org-9", "owner"} & {value for _, value in seen.headers}


async def test_host_is_the_services_and_the_clients_is_told(up: Upstream, gate: Running) -> None:
    """Row 3, Host: the service sees its own Host, and the client's in X-Forwarded-Host, with For, Proto and Via."""
    headers = {**bearer(), "Host": "gw.example", "X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"}
    await gate.get("/api/v1/deployments", headers=headers)
    seen = up.seen[0]
    assert seen.values("host") == [up.address.removeprefix("http://")]
    assert seen.values("x-forwarded-host") == ["gw.example"]
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]
    assert seen.values("x-forwarded-proto") == ["http"]
    assert seen.values("via") == ["1.1 cutover"]


@pytest.mark.parametrize(
    "query", ["a=1&a=2", "start=2026-01-01T00:00:00%2B00:00", "q=a+b&q=a%20b", "x&y=&=z", "a=%c3%bc&b=:/?@"]
)
async def test_query_arrives_byte_for_byte(up: Upstream, gate: Running, query: str) -> None:
    """Row 4, repeated query parameters: nothing is lost, joined, decoded or encoded anew."""
    line = f"GET /api/v1/deployments?{query} HTTP/1.1\r\nHost: a\r\n"
    await talk(gate.port, f"{line}Authorization: Bearer {token()}\r\nConnection: close\r\n\r\n".encode())
    assert up.seen[0].target == f"/deployment/deployments?{query}"


@pytest.mark.parametrize("text", ["a%2Fb", "a%20b", "a+b", "%C3%BC", "a%2fb:c", "~a;b=c"])
async def test_path_encoding_is_kept(up: Upstream, gate: Running, text: str) -> None:
    """Row 5, path encoding: an encoded slash stays one segment, and every escape stays as it was written."""
    request = f"GET /api/v1/deployments/{text} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n"
    await talk(gate.port, f"{request}Connection: close\r\n\r\n".encode())
    assert up.seen[0].target == f"/deployment/status/{text}"


async def test_request_body_is_limited_without_reading_it(up: Upstream, gate: Running) -> None:
    """Row 6, request body: a body over the limit is 413 before it is sent, and the service never hears of it."""
    head = f"POST /api/v1/deployments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n"
    answer = await talk(gate.port, f"{head}Content-Length: 99999999\r\n\r\n".encode(), until=b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    assert up.seen == []


async def test_request_body_streams(up: Upstream, gate: Running) -> None:
    """Row 6, request body: the service reads the beginning of an upload while the client still sends."""
    arrived, release = asyncio.Event(), asyncio.Event()
    up.reads_body = False

    async def behave(_seen: object, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await reader.readuntil(b"begin")
        arrived.set()
        await reader.readuntil(b"0\r\n\r\n")
        return await respond(writer, 201, b"{}")

    async def body() -> AsyncIterator[bytes]:
        yield b"begin"
        await release.wait()
        yield b"end"

    up.behave = behave
    call = asyncio.create_task(gate.client.post("/api/v1/deployments", content=body(), headers=bearer()))
    async with asyncio.timeout(5):
        await arrived.wait()
    assert not call.done()
    release.set()
    assert (await call).status_code == 201


async def test_response_streams_with_one_framing(up: Upstream, gate: Running) -> None:
    """Row 7, response body: the first event arrives while the service still works; one framing header is sent."""
    release = asyncio.Event()

    async def behave(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"9\r\ndata: 1\n\n\r\n")
        await writer.drain()
        await release.wait()
        writer.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")
        await writer.drain()
        return True

    up.behave = behave
    path = "/api/v1/inference/chat/completions"
    async with gate.client.stream("POST", path, json={"stream": True}, headers=bearer()) as answer:
        assert answer.headers.get_list("transfer-encoding") == ["chunked"]
        assert "content-length" not in answer.headers
        pieces = answer.aiter_raw()
        async with asyncio.timeout(5):
            assert await anext(pieces) == b"data: 1\n\n"
        release.set()
        assert b"".join([piece async for piece in pieces]) == b"data: 2\n\n"


async def test_compressed_bytes_pass_as_they_are(up: Upstream, gate: Running) -> None:
    """Row 8, compression: gzip bytes, their label and their length arrive unchanged."""
    packed = gzip.compress(b"hello" * 100)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    up.behave = raw(head + packed)
    async with gate.client.stream("GET", "/api/v1/deployments", headers=bearer()) as answer:
        body = b"".join([piece async for piece in answer.aiter_raw()])
    assert body == packed
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(packed))


async def test_multi_value_headers_stay_apart(up: Upstream, gate: Running) -> None:
    """Row 9, multi-value headers: two Set-Cookie stay two lines, in order, with their bytes."""
    cookies = b"Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=\xe9\r\nX-Multi: 1\r\nX-Multi: 2\r\n"
    up.behave = raw(b"HTTP/1.1 200 OK\r\n" + cookies + b"Content-Length: 0\r\n\r\n")
    answer = await gate.get("/api/v1/deployments", headers=bearer())
    assert [value for name, value in answer.headers.raw if name == b"set-cookie"] == [b"a=1; Path=/", b"b=\xe9"]
    assert answer.headers.get_list("x-multi") == ["1", "2"]


async def test_server_and_date_come_once_and_cors_from_the_gateway(up: Upstream, gate: Running) -> None:
    """Row 10, duplicates: server and date are the service's own and single; CORS is the gateway's and single."""
    date = "Sun, 22 Nov 2026 19:12:25 GMT"
    own = f"Server: uvicorn\r\nDate: {date}\r\nAccess-Control-Allow-Origin: http://elsewhere\r\n"
    up.behave = raw(f"HTTP/1.1 200 OK\r\n{own}Content-Length: 0\r\n\r\n".encode())
    answer = await gate.get("/api/v1/deployments", headers={**bearer(), "Origin": "http://localhost:3001"})
    assert answer.headers.get_list("server") == ["uvicorn"]
    assert answer.headers.get_list("date") == [date]
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_redirects_stay_on_the_gateway(up: Upstream, gate: Running) -> None:
    """Row 11, redirects: a Location of the service becomes the gateway's path; the slash redirect keeps /api/v1."""
    location = f"Location: {up.address}/deployment/status/x%2Fy?full=1"
    up.behave = raw(f"HTTP/1.1 307 Temporary Redirect\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode())
    answer = await gate.get("/api/v1/deployments", headers=bearer())
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/v1/deployments/x%2Fy?full=1")
    slash = await gate.get("/api/v1/deployments/?a=1", headers=bearer())
    assert (slash.status_code, slash.headers["location"]) == (307, "/api/v1/deployments?a=1")


async def test_methods_are_the_routes_own(up: Upstream, gate: Running) -> None:
    """Row 12, methods: HEAD and OPTIONS on a known path are 405 with Allow; a preflight names the path's methods."""
    for method in ("HEAD", "OPTIONS", "DELETE"):
        refused = await gate.client.request(method, "/api/v1/deployments", headers=bearer())
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")
    asked = {"Origin": "http://localhost:3001", "Access-Control-Request-Method": "POST"}
    granted = await gate.client.options("/api/v1/deployments", headers=asked)
    assert (granted.status_code, granted.headers["access-control-allow-methods"]) == (200, "GET, POST")
    unknown = await gate.client.options("/api/v1/unknown", headers=asked)
    assert unknown.status_code == 404
    assert up.seen == []


async def test_websocket_is_relayed() -> None:
    """Row 13, WebSocket: an upgrade reaches the sidecar and frames pass both ways."""
    async with sidecar() as one:
        socket = route("socket", "sidecar", "GET /nosana", "GET /api/v1/logs", kind=Kind.WEBSOCKET)
        async with running(table("http://unused", socket, services=(service("sidecar", one.address),))) as gate:
            url = gate.addresses.public.replace("http", "ws")
            async with connect(f"{url}/api/v1/logs", additional_headers=bearer()) as client:
                await client.send("hello")
                assert await client.recv() == "hello"
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{url}/api/v1/logs")
            assert refused.value.response.status_code == 401
        assert one.paths == ["/nosana"]


async def test_timeouts_are_the_routes_own() -> None:
    """Row 14, timeouts: a service that hangs is 504 after the route's own limit, one that is away is 502."""
    hang = asyncio.Event()

    async def behave(_seen: object, _reader: object, _writer: object) -> bool:
        await hang.wait()
        return False

    async with upstream(behave) as slow:
        quick = route("quick", "compute", "GET /x", "GET /x", timeouts=Timeouts(1.0, 0.2, 0.2))
        away = route("away", "away", "GET /y", "GET /y")
        known = table(slow.address, quick, away, services=(service("away", "http://127.0.0.1:9"),))
        async with running(known) as gate:
            late, gone = await gate.get("/x", headers=bearer()), await gate.get("/y", headers=bearer())
        hang.set()
    assert (late.status_code, late.json()["detail"]) == (504, "compute took too long to answer")
    assert (gone.status_code, gone.json()["detail"]) == (502, "away is not reachable")


async def test_silently_closed_connection_does_not_surface(up: Upstream, gate: Running) -> None:
    """Row 14, retries: after the platform closes its connections without a word, the next read is answered."""
    for _ in range(5):
        assert (await gate.get("/api/v1/deployments", headers=bearer())).status_code == 200
        up.close_connections()
    assert len(up.seen) == 5


async def test_foreign_organisation_is_refused(up: Upstream, gate: Running) -> None:
    """Row 15, AuthZ: nobody acts for another organisation, whether it stands in the body, the query or nowhere."""
    foreign = {"pool_name": "p", "owner_id": "org-2"}
    assert (await gate.client.post("/api/v1/pools", json=foreign, headers=bearer())).status_code == 403
    assert (await gate.client.post("/api/v1/pools", json={}, headers=bearer())).status_code == 403
    assert (await gate.get("/api/v1/pools?owner_id=org-2", headers=bearer())).status_code == 403
    assert (await gate.get("/api/v1/pools?owner_id=org-1&owner_id=org-2", headers=bearer())).status_code == 403
    assert (await gate.get("/api/v1/pools", headers=bearer())).status_code == 403
    assert up.seen == []
    own = {"pool_name": "p", "owner_id": "org-1"}
    assert (await gate.client.post("/api/v1/pools", json=own, headers=bearer())).status_code == 200


async def test_request_id_is_made_forwarded_and_returned(up: Upstream, gate: Running) -> None:
    """Row 16, request id: one is made when the client sends none or nonsense; service and client see the same."""
    made = await gate.get("/api/v1/deployments", headers=bearer())
    kept = await gate.get("/api/v1/deployments", headers={**bearer(), "X-Request-ID": "abc-123"})
    odd = await gate.get("/api/v1/deployments", headers={**bearer(), "X-Request-ID": "a b" * 99})
    assert [seen.values("x-request-id") for seen in up.seen] == [
        [answer.headers["x-request-id"]] for answer in (made, kept, odd)
    ]
    assert kept.headers["x-request-id"] == "abc-123"
    assert odd.headers["x-request-id"] != "a b" * 99
    refused = await gate.get("/api/v1/deployments")
    assert refused.json()["request_id"] == refused.headers["x-request-id"] != ""


async def test_pools_list_is_mapped_to_its_real_path(up: Upstream, gate: Running) -> None:
    """Mapping: listing pools reaches /deployment/listPools/{owner}, not /{owner}."""
    await gate.get("/api/v1/pools?owner_id=org-1&full=1", headers=bearer())
    assert up.seen[0].target == "/deployment/listPools/org-1?full=1"


async def test_management_prefix_is_not_doubled(up: Upstream, gate: Running) -> None:
    """Mapping: deleting an external deployment reaches /management/deployments/{id} once."""
    await gate.client.delete("/api/v1/external-deployments/7", headers=bearer())
    assert (up.seen[0].method, up.seen[0].target) == ("DELETE", "/management/deployments/7")


async def test_write_over_a_silently_closed_connection_is_sent_once(up: Upstream, gate: Running) -> None:
    """Row 14, retries: a write after a silent close takes an open connection and is delivered exactly once."""
    for number in range(5):
        answer = await gate.client.post("/api/v1/deployments", json={"n": number}, headers=bearer())
        assert answer.status_code == 200
        up.close_connections()
        await eventually(lambda: up.open == 0)
    assert [seen.body for seen in up.seen] == [b'{"n":%d}' % number for number in range(5)]
