"""Hazards of a proxy, each by name: real sockets, real deaths."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import tracemalloc
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.core.mark import DRY_RUN, DRY_RUN_TYPE, MARK_HEADER, READ, sign
from gateway.core.routes import Stage
from tests.apps.echo import Seen, raw, respond, upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, flags, route, table, token
from tests.apps.wire import eventually, talk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream
    from tests.apps.gateways import Running

ROUTES = (
    route("things.list", "compute", "GET /things", "GET /api/things"),
    route("things.get", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    route("things.create", "compute", "POST /things", "POST /api/things"),
    route("things.secret", "compute", "GET /secret/{id}", "GET /api/secret/{id}"),
    route("things.public", "compute", "GET /secret/open", "GET /api/open", access="public"),
    route("keys", "compute", "GET /internal/keys", None, access="internal"),
)
MARK_KEY = b"m" * 32


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway in front of it."""
    async with running(table(up.address, *ROUTES, max_body=1_000_000)) as one:
        yield one


def get(path: str, *lines: str) -> bytes:
    """A GET with a token, as bytes."""
    head = [f"GET {path} HTTP/1.1", "Host: gw", f"Authorization: Bearer {token()}", "Connection: close", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n"


def marked(mode: str, method: str, target: str, body: bytes = b"", **changes: float | bytes) -> dict[str, str]:
    """The header of a copy, with a token."""
    now, key = float(changes.get("now", time.time())), bytes(changes.get("key", MARK_KEY))
    value = sign(key, mode=mode, method=method, target=target, body=body, now=now, client="203.0.113.7")
    return {**bearer(), MARK_HEADER: value}


# The client leaves, the service dies.


async def test_client_disconnect_ends_the_upstream_at_once(up: Upstream, gate: Running) -> None:
    """Client disconnect: the service's connection ends while it is still streaming."""
    ended = asyncio.Event()

    async def behave(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        ended.set()
        return False

    up.behave = behave
    async with gate.client.stream("GET", "/api/things", headers=bearer()) as answer:
        assert await anext(answer.aiter_raw()) == b"first"
    async with asyncio.timeout(5):
        await ended.wait()
    await eventually(lambda: gate.gateway.context.metrics.value("cutover_truncated_total", by="client-gone") == 1)


async def test_client_disconnect_in_the_middle_of_an_upload(up: Upstream, gate: Running) -> None:
    """Client disconnect: a half upload is never completed towards the service."""
    up.reads_body = False
    got: list[bytes] = []

    async def behave(_seen: Seen, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> bool:
        with contextlib.suppress(ConnectionError):
            got.append(await reader.read())
        return False

    up.behave = behave
    _, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    head = f"POST /api/things HTTP/1.1\r\nHost: gw\r\nAuthorization: Bearer {token()}\r\n"
    writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
    await writer.drain()
    await eventually(lambda: len(up.seen) == 1)
    writer.close()
    await eventually(lambda: up.open == 0)
    assert not any(piece.endswith(b"0\r\n\r\n") for piece in got)


@pytest.mark.parametrize(
    "head", [b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", b"Content-Length: 100\r\n\r\nfirst"]
)
async def test_mid_stream_upstream_death_is_no_clean_end(up: Upstream, gate: Running, head: bytes) -> None:
    """Mid-stream upstream death: the client gets what came and then a broken connection, never a clean end."""
    up.behave = raw(b"HTTP/1.1 200 OK\r\n" + head, keep=False)
    with pytest.raises(httpx.RemoteProtocolError):
        await gate.get("/api/things", headers=bearer())
    answer = await talk(gate.port, get("/api/things"))
    assert b"first" in answer
    assert not answer.endswith(b"0\r\n\r\n")


async def test_death_before_the_head_is_502(up: Upstream, gate: Running) -> None:
    """An upstream that closes, or speaks no HTTP, twice is a 502 with detail, CORS and request id."""
    for answer in (b"", b"garbage\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"):
        up.behave = raw(answer, keep=False)
        broken = await gate.get("/api/things", headers={**bearer(), "Origin": "http://x"})
        assert (broken.status_code, broken.json()["detail"]) == (502, "compute broke the connection")
        assert broken.headers["access-control-allow-origin"] == "*"
        assert broken.headers["x-request-id"] == broken.json()["request_id"]
    assert len(up.seen) == 6


# Retries and pooled connections.


async def test_retry_never_replays_a_write(up: Upstream, gate: Running) -> None:
    """Retry: a write that reached a service which then closed without answering is a 502, delivered once."""
    assert (await gate.client.post("/api/things", json={"n": 0}, headers=bearer())).status_code == 200
    up.behave = raw(b"", keep=False)
    answer = await gate.client.post("/api/things", json={"n": 1}, headers=bearer())
    assert answer.status_code == 502
    assert [seen.body for seen in up.seen] == [b'{"n":0}', b'{"n":1}']


async def test_retry_of_a_read_happens_once(up: Upstream, gate: Running) -> None:
    """Retry: a read on a pooled connection that dies unanswered goes to a fresh one, and once more from there."""
    await gate.get("/api/things", headers=bearer())
    up.behave = raw(b"", keep=False)
    answer = await gate.get("/api/things", headers=bearer())
    assert answer.status_code == 502
    assert [seen.connection for seen in up.seen] == [1, 1, 2, 3]


async def test_silently_closed_pooled_connection_leaves_the_pool_at_once(up: Upstream, gate: Running) -> None:
    """Silently closed pooled connection: it is gone from the pool before anybody asks for it."""
    await gate.get("/api/things", headers=bearer())
    pool = gate.gateway.context.pool
    (origin,) = pool.origins()
    assert pool.idle(origin) == 1
    up.close_connections()
    await eventually(lambda: pool.idle(origin) == 0)


async def test_connection_is_not_reused_after_a_server_error(up: Upstream, gate: Running) -> None:
    """A 500 passes through with its body, and the next request goes over another connection."""

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        return await respond(writer, 500, b"Internal Server Error", [("Content-Type", "text/plain")])

    up.behave = behave
    for _ in range(2):
        failed = await gate.get("/api/things", headers=bearer())
        assert (failed.status_code, failed.text) == (500, "Internal Server Error")
    assert [seen.connection for seen in up.seen] == [1, 2]


async def test_connection_is_reused_otherwise(up: Upstream, gate: Running) -> None:
    """Requests one after the other share one upstream connection."""
    for _ in range(4):
        await gate.get("/api/things", headers=bearer())
    assert up.connections == 1


# Spoofing and path tricks.


async def test_spoofed_forwarded_for_is_not_believed(up: Upstream) -> None:
    """Spoofed X-Forwarded-For: from a stranger it is replaced, from a trusted proxy the nearest stranger counts."""
    lines = {"X-Forwarded-For": "6.6.6.6, 198.51.100.4", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    for trusted, expected in (((), "127.0.0.1"), (("127.0.0.0/8",), "198.51.100.4, 127.0.0.1")):
        async with running(table(up.address, *ROUTES, trusted_proxies=trusted)) as gate:
            await gate.get("/api/things", headers={**bearer(), **lines})
        assert up.seen[-1].values("x-forwarded-for") == [expected]
        assert "6.6.6.6" not in str(up.seen[-1])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/internal/keys", 404),
        ("//internal/keys", 400),
        ("/api/../internal/keys", 400),
        ("/api/%2e%2e/internal/keys", 400),
        ("/api/.%2E/internal/keys", 400),
        ("/api/things/%2e%2e%2f%2e%2e%2finternal%2fkeys", 400),
        ("/api/things/..%2Finternal", 400),
        ("/api/./things", 400),
        ("/api/things/a\\..\\b", 400),
        ("/api/things/a%00", 400),
        ("/api/things/a%0d%0aX:1", 400),
        ("/api/things/a%zz", 400),
        ("/API/things", 404),
        ("/api/%74hings", 404),
        ("http://gw/internal/keys", 400),
        ("http://gw/api/things", 400),
        ("*", 400),
        ("/api/secret/open", 404),
        ("/api/secret/%6fpen", 404),
    ],
)
async def test_path_tricks_reach_no_service(up: Upstream, gate: Running, path: str, status: int) -> None:
    """A path with two readings is refused, and none reaches a service under another route's rule."""
    answer = await talk(gate.port, get(path))
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert up.seen == []


@pytest.mark.parametrize(
    "lines",
    [
        b"Host: a\r\nHost: b\r\n",
        b"",
        b"Host: a/b\r\n",
        b"Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
        b"Host: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n",
        b"Host: a\r\nContent-Length: +5\r\n",
        b"Host: a\r\nTransfer-Encoding: identity\r\n",
        b"Host: a\r\nTransfer-Encoding: chunked, identity\r\n",
        b"Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Host: a\r\nTransfer-Encoding : chunked\r\n",
        b"Host: a\r\nX-A: 1\r\n folded\r\n",
        b"Host: a\nX-A: 1\r\n",
    ],
)
async def test_smuggling_tries_are_refused(up: Upstream, gate: Running, lines: bytes) -> None:
    """Smuggling: an ambiguous head is 400, and what follows it is not taken for a request of its own."""
    head = b"POST /api/things HTTP/1.1\r\nAuthorization: Bearer " + token().encode() + b"\r\n" + lines
    hidden = b"0\r\n\r\nGET /api/things HTTP/1.1\r\nHost: a\r\n\r\n"
    answer = await talk(gate.port, head + b"Connection: close\r\n\r\n" + hidden)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert up.seen == []


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "tls/1.2"])
async def test_upgrade_with_a_body_reaches_no_service(up: Upstream, gate: Running, upgrade: str) -> None:
    """A service is never told a length whose body does not come: it would swallow the next caller's request."""
    head = f"POST /api/things HTTP/1.1\r\nHost: a\r\nAuthorization: {bearer()['Authorization']}\r\n"
    head += f"Connection: Upgrade\r\nUpgrade: {upgrade}\r\nContent-Length: 30\r\n\r\n"
    answer = await talk(gate.port, head.encode())
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert up.seen == []


async def test_header_section_is_limited(up: Upstream, gate: Running) -> None:
    """A header section over the limit is 431."""
    answer = await talk(gate.port, get("/api/things", f"X-Long: {'a' * 70_000}"))
    assert answer.startswith(b"HTTP/1.1 431")
    assert up.seen == []


async def test_connection_nominated_headers_do_not_travel(up: Upstream, gate: Running) -> None:
    """Hop-by-hop: what Connection nominates ends here, and nominating cannot remove what the gateway says."""
    nominated = "Connection: close, X-Secret, X-User-ID, X-Forwarded-For"
    await talk(gate.port, get("/api/things", nominated, "X-Secret: 1", "Keep-Alive: 5", "TE: trailers", "X-Kept: 1"))
    seen = up.seen[0]
    for name in ("x-secret", "keep-alive", "te", "connection"):
        assert seen.values(name) == []
    assert (seen.values("x-user-id"), seen.values("x-kept")) == (["user-1"], ["1"])
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]


# Marked copies.


async def test_marked_write_is_told_and_not_delivered(up: Upstream, gate: Running) -> None:
    """A dry run answers with the upstream request, secrets as fingerprints, and delivers nothing."""
    headers = marked(DRY_RUN, "POST", "/api/things?a=1&a=2", b"{}")
    answer = await gate.internal.post("/api/things?a=1&a=2", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, DRY_RUN_TYPE)
    document = answer.json()
    told = dict(document["upstream"]["headers"])
    assert (document["service"], document["route"]) == ("compute", "things.create")
    assert (document["upstream"]["method"], document["upstream"]["target"]) == ("POST", "/things?a=1&a=2")
    assert told["X-Internal-API-Key"].startswith("fp:")
    assert told["X-Forwarded-For"] == "203.0.113.7"
    assert up.seen == []


async def test_marked_read_is_delivered_once_and_told(up: Upstream, gate: Running) -> None:
    """A marked read is answered as usual, with what was sent upstream; the mark itself never travels."""
    answer = await gate.internal.get("/api/things", headers=marked(READ, "GET", "/api/things"))
    assert (answer.status_code, len(up.seen)) == (200, 1)
    assert "cutover-upstream" in answer.headers
    assert up.seen[0].values(MARK_HEADER) == []


@pytest.mark.parametrize("trick", ["none", "forged", "expired", "other-target", "other-method", "other-body", "mode"])
async def test_bad_mark_is_refused(up: Upstream, gate: Running, trick: str) -> None:
    """Shadow mark forged, expired or made for another request: 404, nothing delivered."""
    headers = marked(DRY_RUN, "POST", "/api/things", b"{}")
    match trick:
        case "none":
            del headers[MARK_HEADER]
        case "forged":
            headers = marked(DRY_RUN, "POST", "/api/things", b"{}", key=b"x" * 32)
        case "expired":
            headers = marked(DRY_RUN, "POST", "/api/things", b"{}", now=time.time() - 31)
        case "other-target":
            headers = marked(DRY_RUN, "POST", "/api/things?x", b"{}")
        case "other-method":
            headers = marked(DRY_RUN, "GET", "/api/things", b"{}")
        case "other-body":
            headers = marked(DRY_RUN, "POST", "/api/things", b"[]")
        case "mode":
            headers[MARK_HEADER] = headers[MARK_HEADER].replace(DRY_RUN, READ)
    assert (await gate.internal.post("/api/things", content=b"{}", headers=headers)).status_code == 404
    assert up.seen == []


async def test_replayed_mark_is_refused(up: Upstream, gate: Running) -> None:
    """Shadow mark replayed: the first use counts, the second is 404."""
    headers = marked(READ, "GET", "/api/things")
    assert (await gate.internal.get("/api/things", headers=headers)).status_code == 200
    assert (await gate.internal.get("/api/things", headers=headers)).status_code == 404
    assert len(up.seen) == 1


async def test_copy_of_a_write_is_never_delivered(up: Upstream, gate: Running) -> None:
    """Even a genuine mark cannot make the gateway deliver a copy of a write."""
    headers = marked(READ, "POST", "/api/things", b"{}")
    assert (await gate.internal.post("/api/things", content=b"{}", headers=headers)).status_code == 409
    assert up.seen == []


async def test_mark_means_nothing_on_the_public_listener(up: Upstream, gate: Running) -> None:
    """On the public listener a mark is stripped and the request is an ordinary one."""
    answer = await gate.client.post(
        "/api/things", content=b"{}", headers=marked(DRY_RUN, "POST", "/api/things", b"{}")
    )
    assert (answer.status_code, up.seen[0].values(MARK_HEADER)) == (200, [])
    assert "cutover-upstream" not in answer.headers


async def test_refused_copy_says_that_policy_refused(gate: Running) -> None:
    """A copy without a credential gets the usual 401, marked as the gateway's own refusal."""
    headers = marked(READ, "GET", "/api/things")
    del headers["Authorization"]
    answer = await gate.internal.get("/api/things", headers=headers)
    assert (answer.status_code, answer.headers["cutover-refused"]) == (401, "1")


async def test_copy_ignores_the_stage(up: Upstream, gate: Running) -> None:
    """A copy is answered in every stage, the public path is not."""
    gate.flags = flags(gate.gateway.context.table, Stage.SHADOW)
    assert (await gate.internal.get("/api/things", headers=marked(READ, "GET", "/api/things"))).status_code == 200
    refused = await gate.get("/api/things", headers=bearer())
    assert (refused.status_code, refused.json()["reason"]) == (404, "not-served")
    assert len(up.seen) == 1


# Large bodies and slow sides.


async def test_upload_and_download_use_bounded_memory(up: Upstream) -> None:
    """A 30 MB body passes both ways while neither side of the gateway holds more than a few buffers of it."""
    size, piece = 30_000_000, os.urandom(1 << 16)
    up.reads_body = False
    counted = 0

    async def behave(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        nonlocal counted
        while counted < size:
            counted += len(await reader.read(1 << 16))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for start in range(0, size, len(piece)):
            writer.write(piece[: min(len(piece), size - start)])
            await writer.drain()
        return True

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, size, len(piece)):
            yield piece[: min(len(piece), size - start)]

    up.behave = behave
    async with running(table(up.address, *ROUTES)) as gate:
        headers = {**bearer(), "Content-Length": str(size)}
        tracemalloc.start()
        async with gate.client.stream("POST", "/api/things", content=body(), headers=headers) as answer:
            got = sum([len(part) async for part in answer.aiter_raw()])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (counted, got) == (size, size)
    assert peak < 16_000_000


async def test_slow_client_pauses_the_service(up: Upstream, gate: Running) -> None:
    """Backpressure: while the client does not read, the service cannot push more than buffers hold."""
    pushed = 0
    stuck = asyncio.Event()

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        nonlocal pushed
        writer.transport.set_write_buffer_limits(high=0)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(15_000):
            writer.write(b"x" * 65_536)
            try:
                async with asyncio.timeout(0.5):
                    await writer.drain()
            except TimeoutError:
                stuck.set()
                return False
            pushed += 65_536
        return False

    up.behave = behave
    async with gate.client.stream("GET", "/api/things", headers=bearer()):
        async with asyncio.timeout(20):
            await stuck.wait()
    assert pushed < 100_000_000


async def test_early_answer_ends_an_upload(up: Upstream, gate: Running) -> None:
    """A service that refuses in the middle of an upload is heard, and its connection is not used again."""
    up.reads_body = False

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        await respond(writer, 413, b'{"detail":"too large"}')
        return True

    async def body() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x" * 10_000
            await asyncio.sleep(0.01)

    up.behave = behave
    answer = await gate.client.post("/api/things", content=body(), headers=bearer())
    assert (answer.status_code, answer.json()) == (413, {"detail": "too large"})
    (origin,) = gate.gateway.context.pool.origins()
    assert gate.gateway.context.pool.idle(origin) == 0


async def test_chunked_body_over_the_limit_is_413(gate: Running) -> None:
    """A body whose length nobody declared is cut at the limit."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 50_000

    answer = await gate.client.post("/api/things", content=body(), headers=bearer())
    assert answer.status_code == 413
