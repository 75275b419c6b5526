"""Existing paths on the gateway's own port."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.exchange import Request
from gateway.core.reuse import Caching
from gateway.core.routes import Access, Stage, Timeouts
from gateway.passthrough import existing
from gateway.problem import Moved, NotAllowed
from tests.apps.echo import Upstream, raw, upstream
from tests.apps.gateways import Running, running
from tests.apps.table import bearer, flags, route, settings, table
from tests.apps.wire import talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable
    from tests.apps.echo import Seen

ROUTES = (
    route("users.list", "front", "GET /management/users", "GET /api/v1/users"),
    route("users.role", "front", "PUT /admin/users/{id}/role", "PUT /api/v1/users/{id}/role"),
    route("terminate", "front", "POST /terminate", "POST /api/v1/d/{id}", moves=[("body.deployment_id", "path.id")]),
    route("health", "front", "GET /health", "GET /api/v1/health", access=Access.PUBLIC),
    route("template", "front", "GET /templates/{id*}", "GET /api/v1/templates/{id*}"),
    route("template.special", "front", "GET /templates/special", "GET /api/v1/templates/special"),
    route("internal.models", "front", "GET /internal/models", None, access=Access.INTERNAL),
    route("other", "compute", "GET /other", "GET /api/v1/other"),
)
ANGRY = (
    b"HTTP/1.1 500 Internal Server Error\r\nServer: uvicorn\r\nContent-Type: application/json\r\n"
    b'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 33\r\n\r\n{"error":"internal_server_error"}'
)


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """The service."""
    async with upstream() as running_upstream:
        yield running_upstream


def of(up: Upstream) -> RouteTable:
    """The table, with existing paths of `front` passing through."""
    return table(up.address, *ROUTES, passthrough="front")


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it, every route in stage shadow."""
    async with running(of(up), stage=Stage.SHADOW) as running_gate:
        yield running_gate


async def test_nothing_is_enforced_and_the_services_word_stands(up: Upstream, gate: Running) -> None:
    """Without a token, with a forged one: the service says 500 where it means 401, byte for byte."""
    up.behave = raw(ANGRY)
    request = b"GET /management/users?a=1&a=%2B HTTP/1.1\r\nHost: old.example\r\nAuthorization: Bearer forged\r\n\r\n"
    direct = await talk(int(up.address.rpartition(":")[2]), request, until=b"}")
    through = await talk(gate.port, request, until=b"}")
    seen = up.seen[1]
    assert (seen.target, seen.values("authorization")) == ("/management/users?a=1&a=%2B", ["Bearer forged"])
    theirs, ours = (answer.split(b"\r\n\r\n") for answer in (direct, through))
    assert ours[1] == theirs[1]
    lines = {line.lower() for line in ours[0].split(b"\r\n")}
    assert {line.lower() for line in theirs[0].split(b"\r\n")[1:]} <= lines
    assert ours[0].startswith(b"HTTP/1.1 500 ")
    assert not any(line.startswith((b"deprecation", b"sunset", b"link", b"ratelimit")) for line in lines)


async def test_headers_are_cleaned_and_the_host_is_kept(up: Upstream, gate: Running) -> None:
    """No client states an identity, the service hears of the client, and what it builds from Host stays true."""
    spoofed = {"X-User-ID": "admin", "x_internal_api_key": "k", "X-Forwarded-For": "6.6.6.6", "Host": "old.example"}
    await gate.get("/management/users", headers={**spoofed, **bearer()})
    seen = up.seen[0]
    assert seen.values("host") == ["old.example"]
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]
    assert seen.values("x-user-id") == seen.values("x_internal_api_key") == seen.values("x-internal-api-key") == []
    assert len(seen.values("x-request-id")) == len(seen.values("traceparent")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/internal/models",
        "/internal/other",
        "/%69nternal/models",
        "/internal%2Fmodels",
        "/other",
        "/docs",
        "/openapi.json",
        "/",
        "/management",
        "/Management/users",
    ],
)
async def test_what_is_not_declared_and_exposed_is_closed(up: Upstream, gate: Running, path: str) -> None:
    """Internal routes, other services' paths and everything unknown are 404, whoever asks."""
    for headers in ({}, {"X-Internal-API-Key": "anything"}, bearer()):
        answer = await gate.get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert up.seen == []


@pytest.mark.parametrize("path", ["/templates/%73pecial", "/templates/a/../b", "/templates/a//b", "/templates/a%00"])
async def test_a_path_that_can_be_read_in_two_ways_does_not_pass(up: Upstream, gate: Running, path: str) -> None:
    """Neither a climbing path nor one that the service would take for another route."""
    answer = await talk(gate.port, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] in {b"400", b"404"}
    assert up.seen == []


async def test_bodies_pass_as_they_come(up: Upstream, gate: Running) -> None:
    """Whole or in chunks, and a copy of a connection is not kept waiting."""
    answer = await gate.client.put("/admin/users/a%2Fb/role", content=b'{"role":"x"}')
    assert (answer.json()["target"], answer.json()["body"]) == ("/admin/users/a%2Fb/role", '{"role":"x"}')

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one", b"two"):
            yield piece
            await asyncio.sleep(0)

    answer = await gate.client.post("/terminate", content=pieces())
    assert answer.json()["body"] == "onetwo"
    assert up.seen[-1].values("transfer-encoding") == ["chunked"]


async def test_redirects_of_the_service_stay(up: Upstream, gate: Running) -> None:
    """Location is the service's own word, in terms of the host that the client called."""
    up.behave = raw(b"HTTP/1.1 307 T\r\nLocation: http://old.example/management/users\r\nContent-Length: 0\r\n\r\n")
    answer = await gate.get("/management/users", headers={"Host": "old.example"})
    assert answer.headers["location"] == "http://old.example/management/users"


async def test_at_gateway_callers_are_told_what_comes_after(up: Upstream) -> None:
    """Deprecation, Sunset where one is announced, and the link; in canary and before nothing of it."""
    known = of(up)
    for stage, told in ((Stage.LEGACY, False), (Stage.CANARY, False), (Stage.GATEWAY, True)):
        snapshot = flags(known, stage, at=1700000000.5, sunset="2027-01-31", left_shadow=True)
        async with running(known, flags=snapshot) as gate:
            answer = await gate.get("/management/users?skip=1", headers=bearer())
            assert answer.status_code == 200
            assert ("deprecation" in answer.headers) == told
    assert answer.headers["deprecation"] == "@1700000000"
    assert answer.headers["sunset"] == "Sun, 31 Jan 2027 00:00:00 GMT"
    assert answer.headers["link"] == f'<{gate.addresses.public}/api/v1/users?skip=1>; rel="successor-version"'


async def test_without_a_sunset_no_date_is_made_up(up: Upstream) -> None:
    """The successor of a request that cannot be mapped from its head is the route's pattern."""
    known = of(up)
    async with running(known, flags=flags(known, Stage.GATEWAY)) as gate:
        answer = await gate.client.post("/terminate", json={"deployment_id": "1"})
    assert "sunset" not in answer.headers
    assert answer.headers["link"] == f'<{gate.addresses.public}/api/v1/d/%7Bid%7D>; rel="successor-version"'


async def test_closed_routes_are_gone(up: Upstream) -> None:
    """410 with the link, readable for a page, and the service is not asked."""
    known = of(up)
    async with running(known, flags=flags(known, Stage.CLOSED)) as gate:
        answer = await gate.get("/management/users", headers={"Origin": "http://dashboard"})
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    told = f"GET /management/users is closed; use GET /api/v1/users at {gate.addresses.public}"
    assert answer.json()["detail"] == told
    assert answer.headers["link"] == f'<{gate.addresses.public}/api/v1/users>; rel="successor-version"'
    assert answer.headers["access-control-allow-origin"] == "*"
    assert up.seen == []


async def test_the_one_cors_policy_holds_here_too(up: Upstream, gate: Running) -> None:
    """Preflights are answered by the gateway, and the service's own CORS headers go."""
    asked = {"Origin": "http://dashboard", "Access-Control-Request-Method": "PUT"}
    answer = await gate.client.options("/admin/users/1/role", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-methods"]) == (200, "PUT")
    assert up.seen == []
    up.behave = raw(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://x\r\nContent-Length: 0\r\n\r\n")
    answer = await gate.get("/management/users", headers={"Origin": "http://dashboard"})
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_it_is_counted_who_still_uses_them(gate: Running) -> None:
    """By route and stage."""
    await gate.get("/management/users")
    metrics = gate.gateway.context.metrics
    assert metrics.value("cutover_passthrough_total", route="users.list", stage="shadow") == 1
    assert metrics.value("cutover_requests_total", route="users.list", stage="passthrough", status="200") == 1


async def test_gateway_paths_are_served_as_ever(up: Upstream) -> None:
    """What the table exposes comes first; without the setting nothing passes."""
    known = of(up)
    async with running(known) as gate:
        assert (await gate.get("/api/v1/users")).status_code == 401
        assert (await gate.get("/api/v1/users", headers=bearer())).status_code == 200
        assert (await gate.internal.get("/management/users")).status_code == 404
    async with running(table(up.address, *ROUTES)) as gate:
        assert (await gate.get("/management/users", headers=bearer())).status_code == 404


async def _silent(_seen: Seen, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> bool:
    await reader.read()
    return False


FAILURES = {
    "away": (None, 502, "connect"),
    "silent": (_silent, 504, "timeout"),
    "closing": (raw(b"", keep=False), 502, "broken"),
    "garbage": (raw(b"hello\r\n\r\n", keep=False), 502, "broken"),
    "breaking off": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", keep=False), 200, ""),
}
TOLD = ("status", "bytes", "reason", "failure", "route", "service", "method", "client")


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failure_is_told_as_on_a_route(
    up: Upstream, failure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same problem, the same members of the log line, the same counts, by another stage."""
    up.behave, status, reason = FAILURES[failure]
    address = up.address if up.behave else "http://127.0.0.1:1"
    quick = [replace(item, access=Access.PUBLIC, timeouts=Timeouts(2.0, 0.3, 2.0)) for item in ROUTES]
    known = table(address, *quick, passthrough="front")
    found: list[Any] = []
    for path, stage in (("/api/v1/users", "served"), ("/management/users", "passthrough")):
        async with running(known, settings=replace(settings(), access_log=True)) as gate:
            answer = await talk(gate.port, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            metrics = gate.gateway.context.metrics
            counts = {
                "answers": metrics.value(
                    "cutover_requests_total", route="users.list", stage=stage, status=str(status)
                ),
                "upstream": metrics.value(
                    "cutover_upstream_failures_total", route="users.list", status=str(status), reason=reason
                ),
                "cut": metrics.value("cutover_truncated_total", route="users.list", by="broken"),
                "retries": metrics.value("cutover_retries_total", service="front", why=reason),
            }
        line = json.loads(capsys.readouterr().err.splitlines()[-1])
        assert (line["stage"], line["path"]) == (stage, path)
        head, _, body = answer.partition(b"\r\n\r\n")
        told = body if status == 200 else {**json.loads(body), "request_id": ""}
        found.append((head.split()[1], told, {name: line.get(name) for name in TOLD}, counts))
    assert found[0] == found[1]
    assert (found[1][0], found[1][3]["answers"]) == (str(status).encode(), 1)
    assert found[1][3]["upstream" if reason else "cut"] == 1


async def test_a_write_that_passes_ends_what_the_gateway_has_kept(up: Upstream) -> None:
    """Also where the service did not say what became of it; a read that passes ends nothing."""
    kept = route("role", "front", "GET /admin/users/{id}/role", "GET /api/v1/users/{id}/role", cache=Caching(60.0))
    named = route("roles", "front", "GET /admin/roles", "GET /api/v1/roles", cache=Caching(60.0))
    write = replace(ROUTES[1], cache=Caching(0.0, ("roles",)))
    fine = up.behave = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    async with running(table(up.address, kept, named, write, passthrough="front")) as gate:

        async def asked() -> int:
            before = len(up.seen)
            for path in ("/api/v1/users/1/role", "/api/v1/roles"):
                assert (await gate.get(path, headers=bearer())).status_code == 200
            return len(up.seen) - before

        assert await asked() == 2
        await gate.get("/admin/users/1/role")
        assert await asked() == 0
        assert (await gate.client.put("/admin/users/1/role", json={})).status_code == 200
        assert await asked() == 2
        up.behave = raw(b"", keep=False)
        assert (await gate.client.put("/admin/users/1/role", json={})).status_code == 502
        up.behave = fine
        assert await asked() == 2


def test_other_spellings_are_said() -> None:
    """Another method is 405, a trailing slash leads to the path; both count exposed routes only."""
    known = table("http://a", *ROUTES, passthrough="front")
    with pytest.raises(NotAllowed) as refused:
        existing(known, Request("POST", "/management/users"))
    assert refused.value.headers == (("allow", "GET"),)
    with pytest.raises(Moved) as moved:
        existing(known, Request("GET", "/management/users/?a=1"))
    assert moved.value.headers == (("location", "/management/users?a=1"),)
    assert existing(known, Request("GET", "/internal/models/")) is None
    assert existing(known, Request("POST", "/internal/models")) is None
    preflight = Request("OPTIONS", "/management/users", (("Access-Control-Request-Method", "GET"),))
    found = existing(known, preflight)
    assert found
    assert found.route.id == "users.list"
