"""What a gateway needs of a client of services, asked of every candidate.

What a candidate cannot do is written down in `CANNOT`, and held to: one that learns it fails here, too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.core.exchange import Request
from loadtests.bench.candidates.pass_through import TRANSPORTS
from loadtests.bench.candidates.transport import Failed
from tests.apps.echo import raw, respond, upstream
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from loadtests.bench.candidates.transport import Given, Transport
    from tests.apps.echo import Seen

SOMETIMES = "sometimes "
CANNOT: dict[str, dict[str, str]] = {
    "own": {},
    "aiohttp": {
        "test_target_bytes_do_not_change[aiohttp]": "drops a question mark that nothing follows",
    },
    "httpx": {
        "test_garbage_is_a_failure[httpx-length and coding]": "reads an answer with two framings",
        "test_early_answer_is_heard_while_the_body_is_sent[httpx]": "does not read while it writes",
        "test_silently_closed_connection_surfaces_for_no_read[httpx]": SOMETIMES
        + "takes a closed connection for open",
    },
}


class Pieces:
    """A body in pieces."""

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self.length = length
        self.taken = 0
        self._pieces = list(pieces)

    async def take(self) -> bytes:
        """The next piece."""
        await asyncio.sleep(0)
        self.taken += 1
        return self._pieces.pop(0) if self._pieces else b""


@pytest.fixture(params=TRANSPORTS)
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    """Each candidate in turn."""
    why = CANNOT[request.param].get(request.node.name)
    if why:
        request.applymarker(pytest.mark.xfail(reason=why, strict=not why.startswith(SOMETIMES)))
    made = TRANSPORTS[request.param]()
    yield made
    await made.close()


def get(target: str = "/", *headers: tuple[str, str], method: str = "GET", body: bytes = b"") -> Request:
    """A request with a Host."""
    return Request(method, target, (("Host", "service"), *headers), body)


async def whole(given: Given) -> bytes:
    """The body."""
    pieces = []
    while piece := await given.take():
        pieces.append(piece)
    return b"".join(pieces)


async def test_target_bytes_do_not_change(transport: Transport) -> None:
    """Escapes, empty pairs, doubled slashes and bytes beyond ASCII arrive as they were."""
    targets = ["/a%2Fb/%7euser?x=%20+&&y", "/a//b/?", "/%C3%BC;v=1|x", "/a?q='\"<>{}"]
    async with upstream() as up:
        for target in targets:
            await whole(await transport.send(up.address, get(target)))
        assert [seen.target for seen in up.seen] == targets


async def test_request_headers_keep_case_and_order(transport: Transport) -> None:
    """What is sent is what was given: no name is changed, none is moved, none is added."""
    headers = (("X-B", "1"), ("x-a", "2"), ("X-B", "3"), ("ACCEPT", "*/*"))
    async with upstream() as up:
        await whole(await transport.send(up.address, get("/", *headers)))
        assert tuple(up.seen[0].headers) == (("Host", "service"), *headers)


async def test_response_header_bytes_are_kept(transport: Transport) -> None:
    """Values that are no UTF-8 arrive byte for byte."""
    async with upstream(raw(b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9 \xff\r\nContent-Length: 0\r\n\r\n")) as up:
        given = await transport.send(up.address, get())
        assert ("X-Name", "caf\xe9 \xff") in given.headers
        await given.close()


async def test_response_headers_keep_case_order_and_duplicates(transport: Transport) -> None:
    """Each Set-Cookie stays a header of its own, in its place."""
    answer = b"HTTP/1.1 200 OK\r\nset-COOKIE: a=1\r\nB: x\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    async with upstream(raw(answer)) as up:
        given = await transport.send(up.address, get())
        assert given.headers == (
            ("set-COOKIE", "a=1"),
            ("B", "x"),
            ("Set-Cookie", "b=2"),
            ("Content-Length", "0"),
        )
        await given.close()


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
    ],
)
async def test_answers_without_a_body_end_with_their_head(transport: Transport, method: str, answer: bytes) -> None:
    """Nothing is waited for, and the next request gets its own answer."""
    async with upstream(raw(answer)) as up:
        assert await whole(await transport.send(up.address, get(method=method))) == b""
        up.behave = None
        assert b"/next" in await whole(await transport.send(up.address, get("/next")))


async def test_chunks_and_trailers_are_read(transport: Transport) -> None:
    """Chunk extensions and trailers are no part of the body."""
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"
    async with upstream(raw(answer)) as up:
        assert await whole(await transport.send(up.address, get())) == b"abcde"


async def test_informational_answers_are_passed_over(transport: Transport) -> None:
    """Early hints are not the answer."""
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    async with upstream(raw(answer)) as up:
        given = await transport.send(up.address, get())
        assert (given.status, await whole(given)) == (200, b"hi")


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 400_000 + b"\r\n\r\n",
    ],
    ids=["no HTTP", "two lengths", "length and coding", "endless head"],
)
async def test_garbage_is_a_failure(transport: Transport, answer: bytes) -> None:
    """What could be read in two ways is no answer."""
    async with upstream(raw(answer, keep=False)) as up:
        with pytest.raises(Failed):
            await whole(await transport.send(up.address, get()))


async def test_early_end_is_a_failure(transport: Transport) -> None:
    """A body that is shorter than its length is not taken for whole."""
    async with upstream(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", keep=False)) as up:
        given = await transport.send(up.address, get())
        with pytest.raises(Failed):
            await whole(given)


@pytest.mark.proof
async def test_slow_head_is_a_failure(transport: Transport) -> None:
    """A service that says nothing is given up."""
    async with upstream(raw(b"")) as up:
        with pytest.raises(Failed):
            await transport.send(up.address, get())


async def test_refused_connection_is_a_failure(transport: Transport) -> None:
    """Nobody listening is told as a failure, not as whatever the library raises."""
    async with upstream() as up:
        address = up.address
    with pytest.raises(Failed):
        await transport.send(address, get())


async def test_connections_are_used_again(transport: Transport) -> None:
    """One after the other, requests travel on one connection."""
    async with upstream() as up:
        for _ in range(3):
            await whole(await transport.send(up.address, get()))
        assert up.connections == 1


async def test_silently_closed_connection_surfaces_for_no_read(transport: Transport) -> None:
    """A rested connection that the service has closed meanwhile is never the reason of a failed read."""
    async with upstream() as up:
        for _ in range(20):
            assert await whole(await transport.send(up.address, get()))
            up.close_connections()


async def test_write_is_sent_once(transport: Transport) -> None:
    """A write whose connection ends before an answer is not sent again, wherever the connection came from."""
    async with upstream() as up:
        await whole(await transport.send(up.address, get()))
        up.behave = raw(b"", keep=False)
        with pytest.raises(Failed):
            await transport.send(up.address, get("/pay", ("Content-Length", "2"), method="POST", body=b"hi"))
        assert [seen.target for seen in up.seen] == ["/", "/pay"]


@pytest.mark.parametrize(
    ("length", "framing"), [(None, ("Transfer-Encoding", "chunked")), (6, ("Content-Length", "6"))]
)
async def test_bodies_stream_up_in_their_framing(
    transport: Transport, length: int | None, framing: tuple[str, str]
) -> None:
    """A body goes out piece by piece, by length where it is known and chunked where it is not."""
    async with upstream() as up:
        source = Pieces(b"abc", b"def", length=length)
        await whole(await transport.send(up.address, get("/", framing, method="POST"), source))
        (seen,) = up.seen
        assert (seen.body, seen.values(framing[0])) == (b"abcdef", [framing[1]])


async def test_bodies_stream_down_as_they_come(transport: Transport) -> None:
    """A piece is handed out when it is there, not when the body is whole."""
    go_on = asyncio.Event()

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
        await writer.drain()
        await go_on.wait()
        writer.write(b"def")
        return True

    async with upstream(behave) as up:
        given = await transport.send(up.address, get())
        assert await asyncio.wait_for(given.take(), 5) == b"abc"
        go_on.set()
        assert await whole(given) == b"def"


async def test_early_answer_is_heard_while_the_body_is_sent(transport: Transport) -> None:
    """A refusal in the middle of an upload is the answer, and the rest of the body is not waited for."""

    async def behave(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        await respond(writer, 413, b"no")
        return False

    async with upstream(behave) as up:
        up.reads_body = False
        source = Pieces(*[b"x" * 100_000] * 200)
        given = await transport.send(up.address, get("/", ("Transfer-Encoding", "chunked"), method="POST"), source)
        assert given.status == 413
        assert source.taken < 200
        await given.close()


async def test_giving_up_ends_the_connection(transport: Transport) -> None:
    """A stream that nobody wants any more ends at the service."""
    async with upstream(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")) as up:
        given = await transport.send(up.address, get())
        assert await given.take() == b"a"
        await given.close()
        await eventually(lambda: up.open == 0)
