"""A real service behind the real gateway that has dropped its own JWT code."""

from __future__ import annotations

import base64
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.caller import Caller
from gateway.context import HandOff
from gateway.core.mark import MARK_HEADER, READ, sign
from gateway.core.routes import Access, Kind, Stage
from gateway.downstream import service_key
from tests.apps.gateways import running
from tests.apps.rawclient import RawClient
from tests.apps.table import bearer, flags, route, service, settings, table
from tests.apps.trusting import trusting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.gateways import Running
    from tests.apps.trusting import Trusting

MASTER = b"c" * 32
KEY = service_key(MASTER, "orders")
USER = Caller("jwt", "mallory", "org-1")


@asynccontextmanager
async def behind(**options: bool) -> AsyncIterator[tuple[Running, Trusting]]:
    """A gateway in front of a trusting service; both clocks are the system's."""
    async with trusting(KEY) as up:
        known = table(
            up.address,
            route("things", "orders", "GET /things/{id}", "GET /api/things/{id}"),
            route("tree", "orders", "GET /things/tree/{path*}", "GET /api/tree/{path*}"),
            route("make", "orders", "POST /things/{id}", "POST /api/things/{id}"),
            route("open", "orders", "GET /things/open", "GET /api/open", access=Access.PUBLIC),
            route("key", "orders", "GET /things/key", "GET /api/key", access=Access.API_KEY),
            route("health", "orders", "GET /health", "GET /api/health", access=Access.PUBLIC),
            route("socket", "orders", "GET /socket", "GET /api/socket", kind=Kind.WEBSOCKET),
            services=(service("orders", up.address, **options),),
        )
        async with running(known, settings=settings(context_key=MASTER)) as gate:
            yield gate, up


async def test_the_service_knows_who_calls_without_any_jwt_code() -> None:
    """Reads, writes, anonymous callers and API keys arrive as the gateway verified them."""
    async with behind() as (gate, _):
        user = {"scheme": "jwt", "subject": "user-1", "organisation": "org-1", "roles": ["admin"]}
        for method in ("GET", "POST"):
            answer = await gate.client.request(method, "/api/things/7?x=1", headers={**bearer(), "X-User-ID": "evil"})
            assert (answer.status_code, answer.json()["caller"]) == (200, user)
            assert answer.json()["identity"] == [["x-user-id", "user-1"], ["x-user-role", "admin"]]
        for path, scheme, headers in (
            ("/api/open", "anonymous", {}),
            ("/api/key", "api-key", {"Authorization": "Bearer sk-1"}),
        ):
            told = (await gate.get(path, headers={**headers, "X-User-ID": "evil"})).json()
            assert told["caller"] == {"scheme": scheme, "subject": "", "organisation": "", "roles": []}
            assert told["identity"] == []


@pytest.mark.parametrize("path", ["a%2Fb", "a%20b", "%C3%A4", "a;b=c", "a+b", "%41", "a:b@c", "a%25b", "~a.b-c_d"])
async def test_raw_paths_are_bound_as_they_are(path: str) -> None:
    """Every encoding that passes the gateway passes the binding, since nobody decodes on the way."""
    async with behind() as (gate, _):
        async with RawClient(gate.addresses.public) as client:
            answer = await client.ask("GET", f"/api/tree/x/{path}", *bearer().items())
        assert answer.status == 200, answer


async def test_a_copy_on_the_internal_listener_is_handed_on_too() -> None:
    """A marked read reaches the service with a context of its own, which the answer shows as a fingerprint only."""
    async with behind() as (gate, up):
        now = time.time()
        mark = sign(b"m" * 32, mode=READ, method="GET", target="/api/things/7", body=b"", now=now, client="192.0.2.1")
        answer = await gate.internal.get("/api/things/7", headers={**bearer(), MARK_HEADER: mark})
        assert answer.status_code == 200
        assert answer.json()["caller"]["subject"] == "user-1"
        upstream = json.loads(base64.b64decode(answer.headers["cutover-upstream"]))
        shown = dict(upstream["headers"])["Cutover-Context"]
        assert shown.startswith("fp:")
        assert up.contexts[0] not in json.dumps(upstream)


async def test_sockets_are_handed_on_too() -> None:
    """A handshake carries the context; without the gateway it is refused with 401."""
    async with behind() as (gate, up):
        url = gate.addresses.public.replace("http", "ws") + "/api/socket"
        async with connect(url, additional_headers=bearer()) as socket:
            assert json.loads(await socket.recv())["subject"] == "user-1"
        with pytest.raises(InvalidStatus) as refused:
            await connect(up.address.replace("http", "ws") + "/socket")
        assert refused.value.response.status_code == 401


async def test_health_is_open_and_nobody() -> None:
    """Through the gateway and past it."""
    async with behind() as (gate, up), httpx.AsyncClient(verify=False) as client:
        for answer in (
            await gate.get("/api/health"),
            await client.get(up.address + "/health", headers={"X-User-ID": "evil", "Cutover-Context": "evil"}),
        ):
            assert (answer.status_code, answer.json()["identity"], answer.json()["caller"]) == (200, [], None)


async def test_past_the_gateway_nothing_passes() -> None:
    """Forged, expired, replayed, for another method, path or service, missing or doubled: 401 problem+json."""
    async with behind() as (gate, up), httpx.AsyncClient(verify=False) as client:
        await gate.get("/api/things/7", headers=bearer())
        seen = up.contexts[0]
        now = time.time()

        def made(service: str = "orders", method: str = "GET", path: str = "/things/7", **options: float) -> str:
            master = b"d" * 32 if options.get("forged") else MASTER
            at = now + options.get("later", 0.0)
            return HandOff("k", master, lambda: at).signed(USER, service, method, path)

        async def reason(*contexts: str, method: str = "GET", path: str = "/things/7") -> str:
            headers = [("Cutover-Context", context) for context in contexts]
            answer = await client.request(method, up.address + path, headers=headers)
            if answer.status_code == 200:
                return "ok"
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"
            return str(answer.json()["reason"]).removeprefix("context-")

        assert await reason(made()) == "ok"
        assert await reason(seen) == "replayed"
        assert await reason() == "missing"
        assert await reason(made(), made()) == "malformed"
        assert await reason(made(forged=1)) == "invalid"
        assert await reason(made(service="other")) == "invalid"
        assert await reason(made(later=-60)) == "expired"
        assert await reason(made(later=60)) == "expired"
        assert await reason(made(method="POST")) == "method"
        assert await reason(made(), method="POST") == "method"
        assert await reason("") == "invalid"
        for path in ("/things/8", "/things/7/", "/things/%37", "/things//7", "/things/x/%2e%2e/7", "/Things/7"):
            assert await reason(made(), path=path) == "path"


async def test_a_transparent_call_states_nobody() -> None:
    """A route that was rolled back states no context, so a trusting service is only behind routes that stay."""
    async with trusting(KEY) as up:
        known = table(
            up.address,
            route("things", "orders", "GET /things/{id}", "GET /api/things/{id}"),
            services=(service("orders", up.address),),
        )
        rolled_back = flags(known, Stage.SHADOW, left_shadow=True)
        async with running(known, flags=rolled_back, settings=settings(context_key=MASTER)) as gate:
            answer = await gate.get("/api/things/7", headers={**bearer(), "Cutover-Context": "evil"})
            assert (answer.status_code, answer.json()["reason"]) == (401, "context-missing")
            assert up.contexts == []


async def test_a_service_may_do_without() -> None:
    """The option context: false sends none."""
    async with behind(context=False) as (gate, up):
        assert (await gate.get("/api/things/7", headers=bearer())).status_code == 401
        assert up.contexts == []
