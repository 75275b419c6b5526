"""The client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Request
from gateway.core.routes import Timeouts
from gateway.transport.client import send, serialise
from gateway.transport.errors import Broken, Silent, TransportError
from gateway.transport.origin import origin_of
from gateway.transport.pool import Pool
from tests.apps.echo import raw, respond, upstream
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from tests.apps.echo import Seen

QUICK = Timeouts(1, 1, 1)


class Pieces:
    """A body in pieces."""

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self.length = length
        self._pieces = list(pieces)

    async def take(self) -> bytes:
        """The next piece."""
        await asyncio.sleep(0)
        return self._pieces.pop(0) if self._pieces else b""


def ask(method: str = "POST", *headers: tuple[str, str], body: bytes = b"") -> Request:
    """A request with a Host."""
    return Request(method, "/a%2Fb?x=1&x=2", (("Host", "a"), *headers), body)


@pytest.mark.parametrize(
    ("source", "header"),
    [
        (Pieces(b"ab", b"c"), ("Transfer-Encoding", "chunked")),
        (Pieces(b"ab", b"c", length=3), ("Content-Length", "3")),
    ],
)
async def test_body_streams_in_its_framing(source: Pieces, header: tuple[str, str]) -> None:
    """A body of unknown length goes chunked, one of known length as it is; the target stays raw."""
    pool = Pool()
    async with upstream() as up:
        answer = await send(pool, origin_of(up.address), ask("POST", header), source, QUICK)
        while await answer.take():
            pass
        assert await answer.take() == b""
        assert (up.seen[0].body, up.seen[0].target) == (b"abc", "/a%2Fb?x=1&x=2")
        assert pool.idle(origin_of(up.address)) == 1
        pool.close()


async def test_giving_up_ends_the_connection() -> None:
    """`close` before the end is seen by the service at once, and the connection is not kept."""
    pool = Pool()
    async with upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) as up:
        answer = await send(pool, origin_of(up.address), ask("GET"), None, QUICK)
        answer.close()
        answer.close()
        await eventually(lambda: up.open == 0)
        assert (await answer.take(), pool.origins()) == (b"", ())


async def test_broken_body_surfaces_and_closes() -> None:
    """A body that falls silent raises, and the connection is gone."""
    async with upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) as up:
        answer = await send(Pool(), origin_of(up.address), ask("GET"), None, Timeouts(1, 1, 0.05))
        with pytest.raises(Silent):
            await answer.take()
        await eventually(lambda: up.open == 0)


async def test_an_answer_that_is_here_is_taken_whole() -> None:
    """A body that has arrived with its head is handed out at once and frees the connection; half of one is not."""
    pool = Pool()
    async with upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) as up:
        answer = await send(pool, origin_of(up.address), ask("GET"), None, QUICK)
        assert (answer.whole(), answer.whole(), await answer.take()) == (b"hi", b"", b"")
        assert pool.idle(origin_of(up.address)) == 1
        up.behave = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh")
        answer = await send(pool, origin_of(up.address), ask("GET"), None, QUICK)
        assert (answer.whole(), await answer.take()) == (None, b"h")
        answer.close()
        pool.close()


async def test_stale_connection_says_so() -> None:
    """Only a pooled connection that never answered is stale."""
    pool = Pool()
    async with upstream() as up:
        answer = await send(pool, origin_of(up.address), ask("GET"), None, QUICK)
        while await answer.take():
            pass
        up.behave = raw(b"", keep=False)
        for expected in (True, False):
            with pytest.raises(Broken) as broken:
                await send(pool, origin_of(up.address), ask("GET"), None, QUICK)
            assert broken.value.stale is expected


async def test_service_that_closes_in_the_middle_of_an_upload_after_answering_is_heard() -> None:
    """An early answer counts, even when the connection ends before the body was sent whole."""

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        await respond(writer, 413, b"no")
        return False

    async with upstream(behave) as up:
        up.reads_body = False
        pieces = Pieces(*[b"x" * 100_000] * 100)
        answer = await send(
            Pool(), origin_of(up.address), ask("POST", ("Transfer-Encoding", "chunked")), pieces, QUICK
        )
        assert answer.status == 413
        answer.close()


async def test_early_answer_is_heard_while_the_client_pauses() -> None:
    """A service that answers in the middle of an upload is heard at once, though the client sends nothing more."""
    waits = asyncio.Event()

    class Pausing(Pieces):
        async def take(self) -> bytes:
            if not self._pieces:
                await waits.wait()
            return await super().take()

    async with upstream(raw(b"HTTP/1.1 413 Large\r\nContent-Length: 2\r\n\r\nno")) as up:
        up.reads_body = False
        pool = Pool()
        answer = await send(
            pool, origin_of(up.address), ask("POST", ("Transfer-Encoding", "chunked")), Pausing(b"some"), QUICK
        )
        assert (answer.status, await answer.take(), await answer.take()) == (413, b"no", b"")
        assert pool.idle(origin_of(up.address)) == 0


async def test_time_limit_of_a_body_is_not_taken_for_an_answer() -> None:
    """A source that gives up with TimeoutError ends the request with that."""

    class Late(Pieces):
        async def take(self) -> bytes:
            raise TimeoutError("of its own")

    async with upstream() as up:
        with pytest.raises(TimeoutError, match="of its own"):
            await send(Pool(), origin_of(up.address), ask("POST", ("Content-Length", "9")), Late(length=9), QUICK)


def test_request_on_the_wire() -> None:
    """Request line, header bytes and body as they are."""
    request = Request("GET", "/\udcff?x", (("Host", "a"), ("b", "\xff")), b"body")
    assert serialise(request) == b"GET /\xff?x HTTP/1.1\r\nHost: a\r\nb: \xff\r\n\r\nbody"


@given(st.text(st.sampled_from("a\r\n\0"), min_size=1))
def test_no_value_ends_its_line(text: str) -> None:
    """A value that holds a line end or NUL is never sent."""
    request = Request("GET", "/", (("Host", "a"), ("X", text)))
    if set(text) & set("\r\n\0"):
        with pytest.raises(TransportError):
            serialise(request)
    else:
        assert serialise(request).count(b"\r\n") == 4
