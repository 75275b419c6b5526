"""The transparent mode (DESIGN §3): a client that calls gateway paths survives a rollback.

Then the gateway maps the path and cleans headers. Everything it would have decided is counted and decides nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.policy import Limit
from gateway.core.reuse import Caching
from gateway.core.routes import Access, Stage
from tests.apps.echo import Upstream, raw, upstream
from tests.apps.gateways import Running, running
from tests.apps.table import INTERNAL_KEY, bearer, flags, route, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable

ROUTES = (
    route("list", "compute", "GET /things", "GET /api/v1/things", scope=["query.org_id"], cache=Caching()),
    route("admin", "compute", "GET /admin", "GET /api/v1/admin", permission="admin:all"),
    route("stop", "front", "POST /stop", "POST /api/v1/things/{id}/stop", moves=[("body.thing", "path.id")]),
    route("keyed", "front", "GET /v1/models", "GET /api/v1/models", access=Access.API_KEY),
)
SPOOFED = {
    "X-User-ID": "admin",
    "x_organization_id": "org-9",
    "X-Internal-API-Key": "stolen",
    "X-Forwarded-For": "6.6.6.6",
    "Cutover-Mark": "forged",
}


def of(address: str) -> RouteTable:
    """A table with limits that a second call exceeds."""
    return replace(table(address, *ROUTES), limits={"read": Limit(1, 600, 1), "write": Limit(1, 600, 1)})


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """The service."""
    async with upstream() as running_upstream:
        yield running_upstream


@pytest.fixture(params=[Stage.SHADOW, Stage.LEGACY])
async def gate(up: Upstream, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """A gateway with every route rolled back."""
    known = of(up.address)
    async with running(known, flags=flags(known, request.param, left_shadow=True)) as running_gate:
        yield running_gate


def would_refuse(gate: Running, **labels: str) -> int:
    """What was counted instead of decided."""
    return gate.gateway.context.metrics.value("cutover_would_refuse_total", **labels)


@pytest.mark.parametrize(
    ("path", "headers", "route_id", "status"),
    [
        ("/api/v1/things?org_id=org-1", {}, "list", "401"),
        ("/api/v1/things?org_id=org-1", {"Authorization": f"Bearer {token('x' * 40)}"}, "list", "401"),
        ("/api/v1/things?org_id=org-1", {"Authorization": "Basic eDp5"}, "list", "401"),
        ("/api/v1/things?org_id=org-2", bearer(), "list", "403"),
        ("/api/v1/things", bearer(), "list", "403"),
        ("/api/v1/admin", bearer(roles=["member"]), "admin", "403"),
        ("/api/v1/models", bearer(), "keyed", "401"),
    ],
)
async def test_whoever_would_be_refused_passes_and_is_counted(
    up: Upstream, gate: Running, path: str, headers: dict[str, str], route_id: str, status: str
) -> None:
    """No credential, a forged one, a foreign organisation, a lacking permission: the service decides alone."""
    assert (await gate.get(path, headers=headers)).status_code == 200
    assert would_refuse(gate, route=route_id, status=status) == 1
    assert len(up.seen) == 1


async def test_no_limit_holds(up: Upstream, gate: Running) -> None:
    """The bucket is empty after one call; the others pass, are counted, and nobody is told of a quota."""
    answers = [await gate.get("/api/v1/things?org_id=org-1", headers=bearer()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert would_refuse(gate, route="list", status="429") == 2
    assert not any("ratelimit" in name for answer in answers for name in answer.headers)
    assert len(up.seen) == 3


async def test_the_path_is_mapped(up: Upstream, gate: Running) -> None:
    """The service gets its own method, path and body, moved parameters included."""
    answer = await gate.client.post("/api/v1/things/7/stop", json={"force": True}, headers=bearer())
    assert answer.status_code == 200
    assert (up.seen[0].method, up.seen[0].target, up.seen[0].body) == ("POST", "/stop", b'{"force":true,"thing":"7"}')


async def test_headers_are_cleaned_and_nothing_is_stated(up: Upstream, gate: Running) -> None:
    """No client states an identity, and the gateway neither: who calls was not enforced, so it is not vouched for."""
    await gate.get("/api/v1/things?org_id=org-1", headers={**SPOOFED, **bearer()})
    seen = up.seen[0]
    names = {name.lower().replace("_", "-") for name, _ in seen.headers}
    assert not {name for name in names if name.startswith(("x-user", "x-org", "x-internal", "cutover-", "x-cutover"))}
    assert INTERNAL_KEY not in str(seen.headers)
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]
    assert len(seen.values("x-request-id")) == 1


async def test_authorization_reaches_only_services_that_check_it(up: Upstream, gate: Running) -> None:
    """As the table says of each, in this mode too."""
    await gate.get("/api/v1/things?org_id=org-1", headers=bearer())
    await gate.get("/api/v1/models", headers={"Authorization": "Bearer sk-123"})
    assert [seen.values("authorization") for seen in up.seen] == [[], ["Bearer sk-123"]]


async def test_answers_lead_to_the_gateway(up: Upstream, gate: Running) -> None:
    """Location in gateway terms, one CORS policy: the client's own paths go on working."""
    up.behave = raw(
        b"HTTP/1.1 307 T\r\nLocation: /v1/models\r\nAccess-Control-Allow-Origin: https://x\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    answer = await gate.get("/api/v1/models", headers={"Origin": "http://dashboard"})
    assert answer.headers["location"] == "/api/v1/models"
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_nothing_is_remembered(up: Upstream, gate: Running) -> None:
    """No cache, and no key where the ledger is away: each call reaches the service, as on the legacy path."""
    keyed: dict[str, Any] = {"headers": {**bearer(), "Idempotency-Key": "one"}, "json": {}}
    for _ in range(2):
        await gate.client.post("/api/v1/things/7/stop", **keyed)
        await gate.get("/api/v1/things?org_id=org-1", headers=bearer())
    assert len(up.seen) == 4


async def test_what_cannot_be_read_in_one_way_is_still_refused(up: Upstream, gate: Running) -> None:
    """The guard is no policy: it protects the reading of the request itself."""
    assert (await gate.get("/api/v1/%2e%2e/admin")).status_code == 400
    assert up.seen == []


async def test_a_route_that_never_left_shadow_is_not_served(up: Upstream) -> None:
    """Nobody can depend on it yet."""
    known = of(up.address)
    async with running(known, flags=flags(known, Stage.SHADOW)) as gate:
        assert (await gate.get("/api/v1/things", headers=bearer())).status_code == 404
    assert up.seen == []


async def test_a_rollback_meets_nobody_in_mid_call(up: Upstream) -> None:
    """Calls before, during and after it are answered; from the next one on nothing is enforced, and back again."""
    known = of(up.address)
    asked, release = asyncio.Event(), asyncio.Event()

    async def slow(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        asked.set()
        await release.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return True

    up.behave = slow
    async with running(replace(known, limits={}), flags=flags(known, Stage.GATEWAY)) as gate:
        call = asyncio.create_task(gate.get("/api/v1/things?org_id=org-1", headers=bearer()))
        await asked.wait()
        gate.flags = flags(known, Stage.SHADOW, left_shadow=True)
        release.set()
        assert (await call).text == "ok"
        assert up.seen[0].values("x-user-id") == ["user-1"]
        assert (await gate.get("/api/v1/things")).status_code == 200
        gate.flags = flags(known, Stage.GATEWAY)
        assert (await gate.get("/api/v1/things")).status_code == 401
