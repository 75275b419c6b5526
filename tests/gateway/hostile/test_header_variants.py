"""The variant matrix: every spelling of identity, internal, forwarding and mark headers, in every situation.

What the service sees is read from its own socket. Whatever a client writes, it sees the gateway's statement alone.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from gateway.core.mark import DRY_RUN, MARK_HEADER, READ, sign
from gateway.core.routes import Access, Kind
from tests.apps.echo import echo, respond, upstream
from tests.apps.gateways import running
from tests.apps.header_variants import REFUSED_ALIKE, SPELLINGS, lines, stated
from tests.apps.table import INTERNAL_KEY, bearer, route, service, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """A service that notes every byte of a head."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway that trusts no proxy."""
    known = table(
        up.address,
        route("things", "compute", "GET /things", "GET /api/things"),
        route("open", "compute", "GET /open", "GET /api/open", access=Access.PUBLIC),
        route("socket", "compute", "GET /socket", "GET /api/socket", kind=Kind.WEBSOCKET),
        services=(service("compute", up.address),),
    )
    async with running(known) as one:
        yield one


AUTHORIZED = f"Authorization: Bearer {token()}".encode()
USER = [("X-User-ID", "user-1"), ("X-Organization-ID", "org-1"), ("X-User-Role", "admin")]


def mark(mode: str, target: str) -> bytes:
    """The header of a copy."""
    value = sign(b"m" * 32, mode=mode, method="GET", target=target, body=b"", now=time.time(), client="203.0.113.7")
    return f"{MARK_HEADER}: {value}".encode()


async def say(port: int, target: str, *lines: bytes) -> bytes:
    """One request whose client lines come first, and the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = [f"GET {target} HTTP/1.1".encode(), *lines, b"Host: gw"]
    writer.write(b"\r\n".join(head) + b"\r\n\r\n")
    try:
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", answer)
            return answer + await reader.readexactly(int(length[1]) if length else 0)
    finally:
        writer.close()


def check(seen: Seen, up: Upstream, caller: list[tuple[str, str]], client: str = "127.0.0.1") -> None:
    """Exactly the gateway's own statement, each header once and in its one spelling."""
    told = dict(stated(seen))
    assert len(told) == len(stated(seen)), stated(seen)
    assert told.pop("Cutover-Context").count(".") == 2
    assert re.fullmatch(r"[0-9a-f-]{36}", told.pop("X-Request-ID"))
    assert told == dict(
        [
            ("Host", up.address.removeprefix("http://")),
            ("X-Forwarded-For", client),
            ("X-Forwarded-Proto", "http"),
            ("X-Forwarded-Host", "gw"),
            ("Via", "1.1 cutover"),
            *caller,
            ("X-Internal-API-Key", INTERNAL_KEY),
        ]
    )


def refused(answer: bytes, up: Upstream, spelling: str) -> bool:
    """Whether the request was refused as a whole, as some spellings must be and no other, and then never arrived."""
    assert (b" 400 " in answer.partition(b"\r\n")[0]) == (spelling in REFUSED_ALIKE), answer
    assert spelling not in REFUSED_ALIKE or up.seen == []
    return spelling in REFUSED_ALIKE


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_authenticated(gate: Running, up: Upstream, spelling: str) -> None:
    """A user is stated as the token says."""
    answer = await say(gate.port, "/api/things", *lines(spelling), AUTHORIZED)
    if not refused(answer, up, spelling):
        check(up.seen[0], up, USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_anonymous(gate: Running, up: Upstream, spelling: str) -> None:
    """On a public route nobody is stated."""
    answer = await say(gate.port, "/api/open", *lines(spelling))
    if not refused(answer, up, spelling):
        check(up.seen[0], up, [])


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_error_answer(gate: Running, up: Upstream, spelling: str) -> None:
    """A service that answers 500 was told the same; a refusal of the gateway's own reaches no service."""

    async def fail(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        del seen, reader
        await respond(writer, 500, b"{}", [("X-User-ID", "leak"), ("Cutover-Context", "leak")])
        return False

    up.behave = fail
    answer = await say(gate.port, "/api/things", *lines(spelling))
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 400 "))
    assert up.seen == []
    answer = await say(gate.port, "/api/things", *lines(spelling), AUTHORIZED)
    if not refused(answer, up, spelling):
        assert answer.startswith(b"HTTP/1.1 500 ")
        assert b"cutover-context" not in answer.lower()
        check(up.seen[0], up, USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_upgrade(gate: Running, up: Upstream, spelling: str) -> None:
    """A WebSocket handshake is held to the same; `Connection` is the client's own there."""

    async def forbid(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        del seen, reader
        return await respond(writer, 403)

    up.behave = forbid
    handshake = [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"]
    handshake.append(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    answer = await say(gate.port, "/api/socket", *lines(spelling), *handshake, AUTHORIZED)
    if not refused(answer, up, spelling):
        check(up.seen[0], up, USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_shadow_copy(gate: Running, up: Upstream, spelling: str) -> None:
    """A marked read speaks for the client its mark names, and a dry run shows the same request."""
    internal = int(gate.addresses.internal.rpartition(":")[2])
    spelled = lines(spelling, without=MARK_HEADER)
    answer = await say(internal, "/api/things", *spelled, mark(READ, "/api/things"), AUTHORIZED)
    if refused(answer, up, spelling):
        return
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    check(up.seen[0], up, USER, client="203.0.113.7")
    answer = await say(internal, "/api/things", *spelled, mark(DRY_RUN, "/api/things"), AUTHORIZED)
    shown = json.loads(answer.partition(b"\r\n\r\n")[2])["upstream"]["headers"]
    assert sorted(name for name, _ in shown) == sorted(name for name, _ in up.seen[0].headers)
    assert "evil" not in json.dumps(shown)
    assert len(up.seen) == 1


async def test_the_matrix_would_see_a_leak(gate: Running, up: Upstream) -> None:
    """What a client may send does arrive, so nothing above passes for want of a client's headers."""
    assert (await say(gate.port, "/api/things", b"X-Client-Version: 7", AUTHORIZED)).startswith(b"HTTP/1.1 200 ")
    assert ("x-client-version", "7") in [(name.lower(), value) for name, value in up.seen[0].headers]
    with pytest.raises(AssertionError):
        check(up.seen[0], up, USER)


async def test_a_marked_read_shows_no_context(gate: Running, up: Upstream) -> None:
    """The upstream request in the answer to a copy carries fingerprints in place of key and context."""
    up.behave = echo
    internal = int(gate.addresses.internal.rpartition(":")[2])
    answer = await say(internal, "/api/things", mark(READ, "/api/things"), AUTHORIZED)
    found = re.search(rb"(?i)cutover-upstream: (\S+)", answer)
    assert found is not None
    shown = dict(json.loads(base64.b64decode(found[1]))["headers"])
    assert all(shown[name].startswith("fp:") for name in ("Cutover-Context", "X-Internal-API-Key"))
    assert bearer()
