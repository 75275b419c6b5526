"""Heads that are remembered."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.listen.bounds import Bounds
from gateway.listen.heads import ENTRIES, LONGEST, MOST, PATIENCE, PEERS, Heads
from gateway.listen.http1 import Http1
from gateway.listen.reception import Reception
from gateway.listen.scope import scope_of
from tests.apps.listening import answer
from tests.apps.smuggling import CASES

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = b"GET /a%2Fb?c HTTP/1.1\r\nHost: a\r\nX-One: \xff\r\n\r\n"
SMUGGLED = [case.data for case in CASES if len(case.data) < 3000 and b"websocket" not in case.data.lower()]
CHANCE = re.compile(rb"[0-9a-f]{8}-[0-9a-f-]{27}|date: [^\r]*")
"""What differs from answer to answer."""
SHARED: dict[str, Any] = {"type": "http"}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The heads that listeners remember, in order; each is asked of another memory than the last."""
    found: list[bytes] = []
    put = Heads.put

    def note(self: Heads, data: bytes, scope: Any) -> None:
        found.append(data)
        put(self, data, scope)

    monkeypatch.setattr(Heads, "put", note)
    return found


class Pipe(asyncio.Transport):
    """The other end of a connection, without a socket: what is written is kept."""

    def __init__(self) -> None:
        super().__init__({"peername": ("1.2.3.4", 5), "sockname": ("127.0.0.1", 80)})
        self.got = b""
        self.ended = ""

    def write(self, data: Any) -> None:
        """See asyncio."""
        assert self.ended != "half", "as uvloop says, too"
        self.got += data

    def is_closing(self) -> bool:
        """See asyncio."""
        return bool(self.ended)

    def close(self) -> None:
        """See asyncio."""
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        """See asyncio."""
        self.ended = self.ended or "cut"

    def can_write_eof(self) -> bool:
        """See asyncio."""
        return True

    def write_eof(self) -> None:
        """See asyncio."""
        self.ended = self.ended or "half"

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """See asyncio."""

    def pause_reading(self) -> None:
        """See asyncio."""

    def resume_reading(self) -> None:
        """See asyncio."""


async def seen(chunks: Sequence[bytes], *, remembers: bool = True, times: int = 2) -> list[Any]:
    """What an application is told, and what clients get, that send these chunks one after the other."""
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = await receive()
        names = ("type", "http_version", "method", "path", "raw_path", "query_string", "headers", "scheme", "client")
        told.append([scope["state"]["target"], body, *(scope.get(name) for name in names)])
        await answer(send, b"ok")

    reception = Reception(app, Bounds, lambda *refused: told.append(refused[:2]))
    if not remembers:
        reception.heads.get = lambda _data: None  # type: ignore[assignment, misc]
    for _ in range(times):
        pipe, connection = Pipe(), Http1(reception)
        connection.connection_made(pipe)
        for chunk in chunks:
            connection.data_received(chunk)
            await asyncio.sleep(0)
        connection.connection_lost(None)
        await asyncio.sleep(0)
        told.append((CHANCE.sub(b"", pipe.got), pipe.ended))
    reception.close()
    return told


async def test_the_same_bytes_mean_the_same(kept: list[bytes]) -> None:
    """A head that came before is told again whole: target, headers and their bytes."""
    told = await seen([PLAIN, PLAIN])
    first = told[0]
    assert first[0] == b"/a%2Fb?c"
    assert first[1] == {"type": "http.request", "body": b"", "more_body": False}
    assert (b"x-one", b"\xff") in first[8]
    assert [entry for entry in told if isinstance(entry, list)] == [first] * 4
    assert [entry[0].count(b"HTTP/1.1 200 OK") for entry in told if isinstance(entry, tuple)] == [2, 2]
    assert kept == [PLAIN]


@pytest.mark.parametrize(
    "chunks",
    [
        [PLAIN + PLAIN],
        [PLAIN[:20], PLAIN[20:]],
        [PLAIN.replace(b"GET", b"POST").replace(b"X-One: \xff", b"Content-Length: 1"), b"x"],
        [PLAIN.replace(b"X-One: \xff", b"Content-Length: 0")],
        [PLAIN.replace(b"X-One: \xff", b"Transfer-Encoding: chunked"), b"0\r\n\r\n"],
        [PLAIN.replace(b"X-One: \xff", b"Connection: close")],
        [PLAIN.replace(b"X-One: \xff", b"Expect: 100-continue")],
        [PLAIN.replace(b"X-One: \xff", b"Connection: Upgrade\r\nUpgrade: h2c")],
        [PLAIN.replace(b"1.1", b"1.0")],
        [PLAIN + b"GET /half HTTP/1.1\r\n"],
        [b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", PLAIN[:9]],
    ],
    ids=["two", "halves", "body", "length", "coding", "close", "expects", "upgrade", "1.0", "more", "in a body"],
)
async def test_what_more_belongs_to_is_not_remembered(kept: list[bytes], chunks: list[bytes]) -> None:
    """Only a whole head without a body, alone between two requests on a connection that stays."""
    await seen(chunks)
    assert kept == []


@pytest.mark.proof
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([PLAIN, PLAIN, b"\r\n", b"\r", *SMUGGLED]), max_size=4), st.data())
async def test_memory_changes_nothing(chunks: list[bytes], data: st.DataObject) -> None:
    """Whatever clients send, cut wherever it may be, is read with and without memory alike."""
    cut = [piece for chunk in chunks for piece in _pieces(chunk, data)]
    assert await seen(cut) == await seen(cut, remembers=False)


def _pieces(chunk: bytes, data: st.DataObject) -> list[bytes]:
    at = data.draw(st.integers(0, len(chunk)))
    return [piece for piece in (chunk[:at], chunk[at:]) if piece] if data.draw(st.booleans()) else [chunk]


def test_memory_is_bounded() -> None:
    """Long heads are never kept, and of short ones no more than the limit."""
    heads = Heads()

    def put(data: bytes) -> None:
        heads.put(data, scope_of(SHARED, "1.1", "GET", b"/", []))

    put(b"x" * (LONGEST + 1))
    assert heads.get(b"x" * (LONGEST + 1)) is None
    for number in range(ENTRIES + 1):
        put(b"%d" % number)
    assert [heads.get(b"%d" % number) is not None for number in (0, ENTRIES - 1, ENTRIES)] == [False, False, True]


def test_a_flood_of_tiny_lines_is_not_remembered() -> None:
    """Lines count as well as bytes: an empty one weighs far more than it took on the wire."""
    heads = Heads()
    for lines in (MOST, MOST + 1):
        heads.put(b"%d" % lines, scope_of(SHARED, "1.1", "GET", b"/a", [(b"a", b"")] * lines))
    assert heads.get(b"%d" % MOST) is not None
    assert heads.get(b"%d" % (MOST + 1)) is None


class _Never:
    def take(self, wire: object) -> bool:
        """Nothing is taken."""
        del wire
        return False


def test_ways_of_a_head_are_bounded_and_one_makes_room_now_and_then() -> None:
    """The first so many peers have one; of the others every so-manieth takes the place of the oldest."""
    heads = Heads()
    scope = {"headers": [], "state": {"target": b"/"}, "http_version": "1.1", "method": "GET", "path": "/"}
    heads.put(b"GET", {**scope, "raw_path": b"/", "query_string": b""})
    known = heads.get(b"GET")
    assert known is not None
    for number in range(PEERS):
        assert known.has_room((str(number), False))
        known.leave((str(number), False), _Never())
    assert known.has_room(("3", False))
    assert [known.has_room(("new", False)) for _ in range(2 * PATIENCE)] == [*[False] * (PATIENCE - 1), True] * 2
    known.leave(("3", False), _Never())
    known.leave(("new", False), _Never())
    assert list(known.shortcuts) == [*((str(number), False) for number in range(1, PEERS)), ("new", False)]
