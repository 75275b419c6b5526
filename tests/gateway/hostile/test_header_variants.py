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
from tests.apps.table import INTERNAL_KEY, bearer, route, service, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running

NAMES = (
    "X-User-ID",
    "X-User",
    "X-User-Role",
    "X-User-Email",
    "X-Organization-ID",
    "X-Organisation-Id",
    "X-Org-ID",
    "X-Tenant-ID",
    "X-Role",
    "X-Roles",
    "X-Auth-User",
    "X-Auth-Request-User",
    "X-Authenticated-User",
    "X-Remote-User",
    "Remote-User",
    "X-Scope-OrgID",
    "X-Internal-API-Key",
    "X-Internal-Key",
    "X-Internal",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-User",
    "X-Forwarded-Client-Cert",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "X-IP-Address",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-HTTP-Method-Override",
    "Via",
    "Cutover-Copy",
    "Cutover-Context",
    "Cutover-Upstream",
    "Cutover-Question",
    "Cutover-Anything",
)
STATED_TOO = ("X-Request-ID", "Host", "Content-Length", "Transfer-Encoding", "Authorization", "Connection")
"""Of these a client may send the header itself, but no other spelling."""


def _doubled(name: str) -> bytes:
    return f"{name}: evil-1\r\n{name}: evil-2".encode()


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda name: f"{name}: evil".encode(),
    "lower": lambda name: f"{name.lower()}: evil".encode(),
    "upper": lambda name: f"{name.upper()}: evil".encode(),
    "mixed": lambda name: f"{name.swapcase()}: evil".encode(),
    "no blank": lambda name: f"{name}:evil".encode(),
    "doubled": _doubled,
    "listed": lambda name: f"{name}: evil-1, evil-2".encode(),
    "underscores": lambda name: f"{name.replace('-', '_')}: evil".encode(),
    "one underscore": lambda name: f"{name[::-1].replace('-', '_', 1)[::-1]}: evil".encode(),
    "upper underscores": lambda name: f"{name.replace('-', '_').upper()}: evil".encode(),
    "dots": lambda name: f"{name.replace('-', '.')}: evil".encode(),
    "double dashes": lambda name: f"{name.replace('-', '--')}: evil".encode(),
    "trailing dash": lambda name: f"{name}-: evil".encode(),
    "trailing underscore": lambda name: f"{name}_: evil".encode(),
    "trailing dot": lambda name: f"{name}.: evil".encode(),
    "leading dash": lambda name: f"-{name}: evil".encode(),
    "leading underscore": lambda name: f"_{name}: evil".encode(),
    "plus for dash": lambda name: f"{name.replace('-', '+')}: evil".encode(),
    "nominated": lambda name: f"{name}: evil\r\nConnection: {name}".encode(),
    "blank before the colon": lambda name: f"{name} : evil".encode(),
    "tab before the colon": lambda name: f"{name}\t: evil".encode(),
    "folded": lambda name: f"X-Other: a\r\n {name}: evil".encode(),
    "bare LF": lambda name: f"X-Other: a\n{name}: evil".encode(),
    "bare CR": lambda name: f"X-Other: a\r{name}: evil".encode(),
    "no-break space": lambda name: name.encode() + b"\xa0: evil",
    "soft hyphen": lambda name: name.replace("-", "\xad").encode("latin-1") + b": evil",
    "fullwidth": lambda name: ("\uff38" + name[1:]).encode() + b": evil",
    "cyrillic": lambda name: name.replace("e", "\u0435").replace("X", "\u0425").encode() + b": evil",
    "NUL": lambda name: name.encode() + b"\0: evil",
}
REFUSED_ALIKE = {"blank before the colon", "tab before the colon", "folded", "bare LF", "bare CR", "NUL"}
"""Spellings that no parser may accept: the request as a whole is refused."""
SAME_NAME = {"as it is", "lower", "upper", "mixed", "no blank", "doubled", "listed", "nominated"}
HARMLESS = {"accept", "x-other", "connection", "upgrade", "origin", "traceparent", "tracestate"}
SOCKET = re.compile(r"sec-websocket-.*")


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


def names_for(spelling: str, *, copy: bool = False) -> list[str]:
    """The headers to spell so; a copy's own mark is not doubled."""
    more = () if spelling in SAME_NAME else STATED_TOO
    return [name for name in (*NAMES, *more) if not (copy and name == MARK_HEADER and spelling in SAME_NAME)]


def evil(spelling: str, *, copy: bool = False) -> list[bytes]:
    """All of them, one after the other."""
    return [SPELLINGS[spelling](name) for name in names_for(spelling, copy=copy)]


def stated(seen: Seen) -> list[tuple[str, str]]:
    """What the service was told beside harmless headers; nothing of the client's is in it."""
    for name, value in seen.headers:
        assert "evil" not in name + value, (name, value)
    return [
        pair for pair in seen.headers if pair[0].lower() not in HARMLESS and not SOCKET.fullmatch(pair[0].lower())
    ]


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
    """Whether the request was refused as a whole, as some spellings must be, and then never arrived."""
    if b" 400 " not in answer.partition(b"\r\n")[0]:
        assert spelling not in REFUSED_ALIKE, answer
        return False
    assert up.seen == []
    return True


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_authenticated(gate: Running, up: Upstream, spelling: str) -> None:
    """A user is stated as the token says."""
    answer = await say(gate.port, "/api/things", *evil(spelling), AUTHORIZED)
    if not refused(answer, up, spelling):
        check(up.seen[0], up, USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_anonymous(gate: Running, up: Upstream, spelling: str) -> None:
    """On a public route nobody is stated."""
    answer = await say(gate.port, "/api/open", *evil(spelling))
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
    answer = await say(gate.port, "/api/things", *evil(spelling))
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 400 "))
    assert up.seen == []
    answer = await say(gate.port, "/api/things", *evil(spelling), AUTHORIZED)
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
    lines = [line for line in evil(spelling) if not line.startswith(b"Connection: evil")]
    handshake = [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"]
    handshake.append(b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
    answer = await say(gate.port, "/api/socket", *lines, *handshake, AUTHORIZED)
    if not refused(answer, up, spelling):
        check(up.seen[0], up, USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_shadow_copy(gate: Running, up: Upstream, spelling: str) -> None:
    """A marked read speaks for the client its mark names, and a dry run shows the same request."""
    internal = int(gate.addresses.internal.rpartition(":")[2])
    lines = evil(spelling, copy=True)
    answer = await say(internal, "/api/things", *lines, mark(READ, "/api/things"), AUTHORIZED)
    if refused(answer, up, spelling):
        return
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    check(up.seen[0], up, USER, client="203.0.113.7")
    answer = await say(internal, "/api/things", *lines, mark(DRY_RUN, "/api/things"), AUTHORIZED)
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
