"""One connection, fed bytes by a real server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gateway.transport.connection import Connection
from gateway.transport.errors import Broken, Silent
from tests.apps.echo import Upstream, raw, upstream
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@asynccontextmanager
async def asked(
    answer: bytes, *, keep: bool = True, bodyless: bool = False
) -> AsyncIterator[tuple[Connection, Upstream]]:
    """A connection whose request is answered with these bytes."""
    async with upstream(raw(answer, keep=keep)) as up:
        host, _, port = up.address.removeprefix("http://").partition(":")
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(lambda _: None), host, int(port))
        connection.start(bodyless=bodyless)
        await connection.write(ASK, 5)
        try:
            yield connection, up
        finally:
            connection.close()


async def everything(connection: Connection) -> bytes:
    """The rest of the body."""
    pieces = []
    while piece := await connection.read(5):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize(
    ("answer", "status", "body", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\nh\r\n1\r\ni\r\n0\r\nX: trailer\r\n\r\n",
            200,
            b"hi",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b"", True),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno", 500, b"no", False),
        (
            (
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            ),
            200,
            b"",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n", 200, b"hi", False),
    ],
)
async def test_response_is_read(answer: bytes, status: int, body: bytes, reusable: bool) -> None:  # noqa: FBT001 - a row
    """Each framing gives its status and body, and says whether the connection may be used again."""
    async with asked(answer) as (connection, _):
        head = await connection.head(5)
        assert (head.status, await everything(connection)) == (status, body)
        assert connection.reusable is reusable
        assert "link" not in dict(head.headers)


async def test_body_without_length_ends_with_the_connection() -> None:
    """An answer that only the end of the connection delimits is complete, and the connection is spent."""
    async with asked(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", keep=False) as (connection, _):
        await connection.head(5)
        assert await everything(connection) == b"until the end"
        assert not connection.reusable


async def test_head_answer_has_no_body() -> None:
    """The answer to HEAD is complete with its head, whatever length it announces."""
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", bodyless=True) as (connection, _):
        assert dict((await connection.head(5)).headers) == {"Content-Length": "99"}
        assert await everything(connection) == b""
        assert not connection.reusable


async def test_header_bytes_survive() -> None:
    """Order, case, duplicates and bytes beyond ASCII arrive as they were sent."""
    async with asked(b"HTTP/1.1 200 OK\r\nB: \xff\r\na: 1\r\nA: 2\r\nContent-Length: 0\r\n\r\n") as (connection, _):
        head = await connection.head(5)
        assert head.headers == (("B", "\xff"), ("a", "1"), ("A", "2"), ("Content-Length", "0"))


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_breaks(answer: bytes) -> None:
    """Garbage, impossible statuses, contradictory framing and endless heads are broken answers."""
    async with asked(answer) as (connection, _):
        with pytest.raises(Broken):
            await connection.head(5)


async def test_what_came_before_the_break_is_still_read() -> None:
    """The body before a break is handed out, then the break surfaces."""
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", keep=False) as (connection, _):
        await connection.head(5)
        assert await connection.read(5) == b"half"
        with pytest.raises(Broken, match="in the middle"):
            await connection.read(5)


async def test_silence_is_limited_before_and_after_the_head() -> None:
    """No head and no next byte in time are each Silent."""
    async with asked(b"") as (connection, _):
        with pytest.raises(Silent):
            await connection.head(0.05)
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") as (connection, _):
        await connection.head(5)
        with pytest.raises(Silent):
            await connection.read(0.05)


async def test_dripping_head_has_no_more_time_than_a_late_one() -> None:
    """A head that comes byte by byte, or behind informational answers, is Silent when its time is up."""

    async def drip(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Slow: ")
        while not writer.is_closing():
            writer.write(b"a")
            await asyncio.sleep(0.02)
        return False

    async with upstream(drip) as up:
        host, _, port = up.address.removeprefix("http://").partition(":")
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: Connection(lambda _: None), host, int(port))
        connection.start(bodyless=False)
        await connection.write(ASK, 5)
        with pytest.raises(Silent, match=r"0\.15 s"):
            await asyncio.wait_for(connection.head(0.15), 5)
        connection.close()


async def test_a_piece_of_a_head_in_the_turn_of_its_deadline_gives_it_no_more_time() -> None:
    """Whoever looks after deadlines has let it go, and the next piece may never come."""

    class Once:
        waiting: Connection | None = None

        def add(self, waiting: Connection) -> None:
            self.waiting = waiting

        def discard(self, waiting: Connection) -> None:
            assert waiting is self.waiting

    deadlines: Any = Once()
    connection = Connection(lambda _: None, deadlines)
    connection.start(bodyless=False)
    head = asyncio.create_task(connection.head(0.0))
    await asyncio.sleep(0)
    connection.data_received(b"HTTP/1.1 200 OK\r\nX: ")
    connection.expire()
    with pytest.raises(Silent):
        await asyncio.wait_for(head, 5)


async def test_arrival_of_the_head_is_told_once() -> None:
    """Whoever asks is told when the head is there, at once when it had come before, never after asking ended."""
    told: list[str] = []
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (connection, _):
        connection.when_answered(lambda: told.append("first"))
        await connection.head(5)
        connection.when_answered(lambda: told.append("second"))
        assert told == ["first", "second"]
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (connection, _):
        connection.when_answered(lambda: told.append("third"))
        connection.when_answered(None)
        await connection.head(5)
        assert len(told) == 2


async def test_writing_is_limited_and_fails_on_a_closed_connection() -> None:
    """A service that takes nothing is Silent; on an ended connection writing breaks."""
    stuck = asyncio.Event()

    async def behave(_seen: object, _reader: object, _writer: object) -> bool:
        await stuck.wait()
        return False

    async with asked(b"") as (connection, up):
        up.behave = behave
        await eventually(lambda: len(up.seen) == 1)
        with pytest.raises(Silent):
            await connection.write(b"x" * 50_000_000, 0.1)
        stuck.set()
        connection.close()
        with pytest.raises(Broken):
            await connection.write(b"x", 1)


async def test_pieces_go_out_in_order() -> None:
    """What is put in one turn of the loop arrives as it was put; what never went out counts as not sent."""
    post = ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: 4\r\n\r\n")
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (connection, up):
        await connection.head(5)
        connection.start(bodyless=False)
        for piece in (post, b"ab", b"cd"):
            assert connection.put(piece)
        await connection.head(5)
        assert up.seen[-1].body == b"abcd"
        connection.start(bodyless=False)
        connection._batch.add(Connection(lambda _: None))
        assert connection.put(post)
        connection.fail(Broken("before anything went out"))
        await asyncio.sleep(0)
        assert not connection._sent


async def test_what_waits_to_be_sent_is_bounded() -> None:
    """Who puts a lot waits until it has gone out."""
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (connection, _):
        connection._batch.add(Connection(lambda _: None))
        assert not connection.put(b"x" * 300_000)
        await connection.write(b"y", 5)
        assert connection._outgoing == b""


async def test_idle_connection_notices_its_end() -> None:
    """An end that waits in the socket makes the connection count as closed, even before the loop has seen it."""
    async with asked(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (connection, up):
        await connection.head(5)
        assert connection.open()
        up.close_connections()
        await eventually(lambda: not connection.open())


@pytest.mark.parametrize("waiting", [False, True], ids=["before it is put", "while it waits for others"])
async def test_answer_before_its_request_is_nobodys(waiting: bool) -> None:  # noqa: FBT001 - a case
    """What comes while a connection is taken for a request of which no byte has gone out ends it, unsent."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    async with asked(answer) as (connection, up):
        await connection.head(5)
        assert await everything(connection) == b"hi"
        assert (connection.reusable, connection.open()) == (True, True)
        connection.start(bodyless=False)
        for _ in range(3 * waiting):
            # After a turn with many senders all of the next wait for its end.
            connection._batch.add(connection)
        await asyncio.sleep(0)
        if waiting:
            connection.put(ASK)
        connection.data_received(answer)
        with pytest.raises(Broken) as told:
            await connection.write(ASK, 5)
        assert (told.value.sent, connection.answered, len(up.seen)) == (False, False, 1)


async def test_failing_surfaces_to_whoever_waits() -> None:
    """`fail` ends a waiting read with the given error."""
    async with asked(b"") as (connection, _):
        waiting = asyncio.create_task(connection.head(5))
        await asyncio.sleep(0)
        connection.fail(Broken("on purpose"))
        with pytest.raises(Broken, match="on purpose"):
            await waiting
