"""The test-only faulty gateway shows each wrong row on the wire, so that instruments have something to find."""

from __future__ import annotations

import asyncio
import gzip
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.core.routes import Stage
from gateway.server import serving
from tests.apps.echo import Upstream, raw, upstream
from tests.apps.faulty_gateway import FAULTS, faulty
from tests.apps.gateways import Running
from tests.apps.table import bearer, flags, route, settings, table, token
from tests.apps.wire import talk
from tests.gateway.test_wrong_rows import ROUTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TABLE = (*ROUTES, route("external.list", "front", "GET /management/deployments", "GET /api/v1/external-deployments"))


@asynccontextmanager
async def broken(fault: str) -> AsyncIterator[tuple[Upstream, Running]]:
    """A faulty gateway in front of an echo."""
    async with upstream() as up:
        known = table(up.address, *TABLE, max_body=1_000_000)
        gateway = faulty(known, settings(), lambda: flags(known, Stage.GATEWAY), fault)
        async with (
            serving(gateway, "127.0.0.1:0", "127.0.0.1:0") as addresses,
            httpx.AsyncClient(base_url=addresses.public, verify=False) as client,
        ):
            yield up, Running(gateway, addresses, flags(known), client, client)


def test_there_is_a_switch_for_every_row() -> None:
    """Sixteen rows and two path mappings can be switched on."""
    assert len(FAULTS) == 18
    assert {fault.instrument for fault in FAULTS.values()} == {"upstream", "response", "probe"}


async def test_authorization_travels() -> None:
    """Fault authorization: the JWT reaches orchestration."""
    async with broken("authorization") as (up, gate):
        await gate.get("/api/v1/deployments", headers=bearer())
        assert up.seen[0].values("authorization")


async def test_spoofed_identity_comes_first() -> None:
    """Fault identity: two user ids travel, the spoofed one first."""
    async with broken("identity") as (up, gate):
        await gate.get("/api/v1/deployments", headers={**bearer(), "x-user-id": "evil"})
        assert up.seen[0].values("x-user-id") == ["evil", "user-1"]


async def test_host_is_the_clients() -> None:
    """Fault host: the client's Host travels and nothing tells who forwarded."""
    async with broken("host") as (up, gate):
        await gate.get("/api/v1/deployments", headers={**bearer(), "Host": "gw.example"})
        assert (up.seen[0].values("host"), up.seen[0].values("x-forwarded-for")) == (["gw.example"], [])


@pytest.mark.parametrize(
    ("fault", "asked", "reached"),
    [
        ("query", "/api/v1/deployments?a=1&a=2", "/deployment/deployments?a=2"),
        ("path", "/api/v1/deployments/a%2Fb", "/deployment/status/a/b"),
        ("pools-path", "/api/v1/pools?owner_id=org-1", "/org-1"),
        ("management-path", "/api/v1/external-deployments", "/management/management/deployments"),
    ],
)
async def test_target_is_wrong(fault: str, asked: str, reached: str) -> None:
    """Faults query, path, pools-path and management-path: the service is asked for something else."""
    async with broken(fault) as (up, gate):
        await gate.get(asked, headers=bearer())
        assert up.seen[0].target == reached


async def test_body_is_unlimited() -> None:
    """Fault request-body: a body over the limit reaches the service."""
    async with broken("request-body") as (up, gate):
        answer = await gate.client.post("/api/v1/deployments", content=b"x" * 1_500_000, headers=bearer())
        assert (answer.status_code, len(up.seen[0].body)) == (200, 1_500_000)


async def test_response_is_buffered() -> None:
    """Fault response-body: nothing arrives before the end, then all of it; the listener frames it once."""
    async with broken("response-body") as (up, gate):
        release = asyncio.Event()

        async def behave(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            await writer.drain()
            await release.wait()
            writer.write(b"0\r\n\r\n")
            return True

        up.behave = behave
        lines = f"GET /api/v1/deployments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token()}\r\n\r\n"
        call = asyncio.create_task(talk(gate.port, lines.encode(), until=b"\r\n\r\na"))
        done, _ = await asyncio.wait({call}, timeout=0.2)
        assert not done
        release.set()
        answer = (await call).lower()
        assert b"transfer-encoding" not in answer
        assert b"content-length: 1" in answer


async def test_gzip_is_unpacked_but_labelled() -> None:
    """Fault compression: plain bytes come labelled gzip."""
    async with broken("compression") as (up, gate):
        packed = gzip.compress(b"hello")
        up.behave = raw(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
        )
        with pytest.raises(httpx.DecodingError):
            await gate.get("/api/v1/deployments", headers=bearer())


async def test_headers_are_joined_doubled_or_untouched() -> None:
    """Faults multi-value, duplicates and redirects: header lines are lost, doubled, or lead past the gateway."""
    lines = b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nServer: x\r\nDate: now\r\nLocation: http://%s/deployment/deployments\r\n"
    seen = {}
    for fault in ("multi-value", "duplicates", "redirects"):
        async with broken(fault) as (up, gate):
            own = lines % up.address.removeprefix("http://").encode()
            up.behave = raw(b"HTTP/1.1 307 Moved\r\n" + own + b"Content-Length: 0\r\n\r\n")
            seen[fault] = (await gate.get("/api/v1/deployments", headers=bearer())).headers
    assert seen["multi-value"].get_list("set-cookie") == ["a=1, b=2"]
    assert len(seen["duplicates"].get_list("date")) == len(seen["duplicates"].get_list("server")) == 2
    assert seen["redirects"]["location"].startswith("http://127.0.0.1:")


async def test_options_is_granted_everywhere() -> None:
    """Fault methods: OPTIONS is 200 on unknown paths, and 405 names no methods."""
    async with broken("methods") as (_, gate):
        assert (await gate.client.options("/api/v1/unknown")).status_code == 200
        refused = await gate.client.delete("/api/v1/deployments", headers=bearer())
        assert (refused.status_code, refused.headers.get("allow")) == (405, None)


async def test_socket_is_refused() -> None:
    """Fault websocket: an upgrade gets 403."""
    async with broken("websocket") as (_, gate):
        with pytest.raises(InvalidStatus) as refused:
            await connect(gate.addresses.public.replace("http", "ws") + "/api/v1/deployments/1/logs")
        assert refused.value.response.status_code == 403


async def test_failures_are_503() -> None:
    """Fault timeouts: a dead service is 503."""
    async with broken("timeouts") as (up, gate):
        up.behave = raw(b"", keep=False)
        assert (await gate.get("/api/v1/deployments", headers=bearer())).status_code == 503


async def test_anybody_may() -> None:
    """Fault authorisation: another organisation's pool is made."""
    async with broken("authorisation") as (_, gate):
        answer = await gate.client.post("/api/v1/pools", json={"owner_id": "org-2"}, headers=bearer())
        assert answer.status_code == 200


async def test_request_id_is_missing() -> None:
    """Fault request-id: neither the service nor the client sees one."""
    async with broken("request-id") as (up, gate):
        answer = await gate.get("/api/v1/deployments", headers=bearer())
        assert (up.seen[0].values("x-request-id"), answer.headers.get("x-request-id")) == ([], None)
