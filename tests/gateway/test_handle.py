"""The spine."""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING

import pytest

from gateway import handle as module
from gateway.core.routes import Access, Stage
from gateway.handle import Parts
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.table import INTERNAL_KEY, bearer, flags, route, settings, table, token
from tests.apps.wire import talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.gateways import Running

ROUTES = (
    route("get", "compute", "GET /things", "GET /api/things"),
    route("make", "compute", "POST /things", "POST /api/things", scope=("body.org_id",)),
    route("open", "front", "GET /health", "GET /api/status", access=Access.PUBLIC),
    route("chat", "front", "POST /v1/chat", "POST /api/chat", access=Access.API_KEY),
    route("stop", "compute", "POST /stop", "POST /api/things/{id}/stop", moves=[("body.thing", "path.id")]),
)


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it."""
    async with running(table(up.address, *ROUTES)) as one:
        yield one


def test_every_step_can_be_replaced_and_none_is_forgotten() -> None:
    """Each step of `Parts` is the function of its name in the spine's module."""
    for step in dataclasses.fields(Parts):
        assert step.default is getattr(module, step.name)


def test_spine_is_one_screen() -> None:
    """The whole order of steps is read at one glance."""
    assert len(inspect.getsource(module.handle).splitlines()) < 40


async def test_each_access_kind_wants_its_own_credential(up: Upstream, gate: Running) -> None:
    """A JWT does not open an API key route, an API key no JWT route, and public routes take anything."""
    key = {"Authorization": "Bearer sk-key"}
    statuses = [
        (await gate.client.request(method, path, headers=headers)).status_code
        for method, path, headers in (
            ("GET", "/api/things", key),
            ("GET", "/api/things", bearer()),
            ("POST", "/api/chat", bearer()),
            ("POST", "/api/chat", key),
            ("GET", "/api/status", {}),
            ("GET", "/api/status", {"Authorization": "nonsense"}),
        )
    ]
    assert statuses == [401, 200, 401, 200, 200, 200]
    assert [seen.values("authorization") for seen in up.seen] == [[], ["Bearer sk-key"], [], ["nonsense"]]


async def test_refusal_is_a_challenge(gate: Running) -> None:
    """401 names the scheme and, where a credential was given, the error."""
    missing, bad = await gate.get("/api/things"), await gate.get("/api/things", headers={"Authorization": "Bearer x"})
    assert missing.headers["www-authenticate"] == "Bearer"
    told = 'Bearer error="invalid_token", error_description="Invalid token"'
    assert bad.headers["www-authenticate"] == told
    assert bad.json()["detail"] == "Invalid token"


async def test_chunked_body_that_must_be_known_gets_a_length(up: Upstream, gate: Running) -> None:
    """A body that is read whole travels with its length, whatever framing it came in."""

    async def body() -> AsyncIterator[bytes]:
        yield b'{"org_id": '
        yield b'"org-1"}'

    assert (await gate.client.post("/api/things", content=body(), headers=bearer())).status_code == 200
    assert (up.seen[0].body, up.seen[0].values("content-length")) == (b'{"org_id": "org-1"}', ["19"])
    assert up.seen[0].values("transfer-encoding") == []


async def test_moved_parameter_arrives(up: Upstream, gate: Running) -> None:
    """A path parameter arrives as the body member that the service reads."""
    answer = await gate.client.post("/api/things/7/stop", headers=bearer())
    assert (answer.status_code, up.seen[0].target, up.seen[0].body) == (200, "/stop", b'{"thing":"7"}')


async def test_transparent_call_is_passed_and_recorded(up: Upstream, gate: Running) -> None:
    """After a rollback nothing is enforced and nothing stated, but what would be refused is counted."""
    gate.flags = flags(gate.gateway.context.table, Stage.SHADOW, left_shadow=True)
    assert (await gate.get("/api/things", headers={"X-User-ID": "evil"})).status_code == 200
    assert (await gate.client.post("/api/things", json={"org_id": "org-2"}, headers=bearer())).status_code == 200
    for seen in up.seen:
        assert INTERNAL_KEY not in str(seen)
        assert seen.values("x-user-id") == []
    count = gate.gateway.context.metrics.value
    assert count("cutover_would_refuse_total", route="get", status="401") == 1
    assert count("cutover_would_refuse_total", route="make", status="403") == 1
    assert count("cutover_requests_total", stage="transparent") == 2


async def test_flag_change_counts_from_the_next_request(gate: Running) -> None:
    """A route that leaves the gateway is 404 at once, and served again at once."""
    known = gate.gateway.context.table
    statuses = []
    for stage in (Stage.CANARY, Stage.LEGACY, Stage.CLOSED):
        gate.flags = flags(known, stage)
        statuses.append((await gate.get("/api/things", headers=bearer())).status_code)
    assert statuses == [200, 404, 200]


async def test_expired_token_is_judged_by_the_settings_clock(up: Upstream) -> None:
    """The clock of the settings decides, so that a recording's tokens hold while it is replayed."""
    old = {"Authorization": f"Bearer {token(exp=1_000_000)}"}
    async with running(table(up.address, *ROUTES), settings=settings(clock=lambda: 999_000.0)) as gate:
        assert (await gate.get("/api/things", headers=old)).status_code == 200


@pytest.mark.parametrize(("index", "needed"), [(0, False), (1, True), (4, True)])
def test_body_is_needed_where_a_place_stands_in_it(index: int, needed: bool) -> None:  # noqa: FBT001 - a table row
    """Moves and scopes in the body make the gateway read it."""
    assert ROUTES[index].needs_body is needed


async def test_stranger_makes_nobody_hold_a_body(up: Upstream, gate: Running) -> None:
    """A caller who is not known is refused before the body is read, even where a scope stands in it."""
    head = "POST /api/things HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n"
    answer = await talk(gate.port, head.encode(), until=b"\r\n")
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert up.seen == []


async def test_body_that_must_be_known_is_small(gate: Running) -> None:
    """Parsing holds everybody up, so a body in which a scope or a moved parameter stands has 1 MiB at most."""
    body = b'{"org_id":"org-1","x":"' + b"x" * (1 << 20) + b'"}'
    for headers, content in (({}, body), ({"Transfer-Encoding": "chunked"}, pieces(body))):
        answer = await gate.client.post("/api/things", headers={**bearer(), **headers}, content=content)
        assert answer.status_code == 413


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body in two chunks."""
    yield body[: len(body) // 2]
    yield body[len(body) // 2 :]
