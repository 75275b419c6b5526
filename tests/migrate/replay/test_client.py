from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.core.exchange import Failure, Request, Response
from migrate.replay.client import address_of, ask, serialise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GET = Request("GET", "/x?a=%2B", (("Host", "h"), ("X-A", "1"), ("x-a", "2")))


@asynccontextmanager
async def saying(*pieces: bytes, heard: list[bytes] | None = None) -> AsyncIterator[str]:
    """A server that answers one request with these bytes and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(request)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_request_goes_out_as_it_is() -> None:
    """Target, header order, case and duplicates stay."""
    heard: list[bytes] = []
    async with saying(b"HTTP/1.1 204 \r\n\r\n", heard=heard) as url:
        await ask(url, GET, deadline=5)
    assert heard == [b"GET /x?a=%2B HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n"]


def test_a_chunked_request_goes_out_chunked() -> None:
    """A body announced as chunked is framed as one chunk; an empty one as none."""
    chunked = (("Transfer-Encoding", "chunked"),)
    assert serialise(Request("POST", "/", chunked, b"hi")).endswith(b"\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
    assert serialise(Request("POST", "/", chunked)).endswith(b"\r\n\r\n0\r\n\r\n")
    assert serialise(Request("POST", "/", (), b"hi")).endswith(b"\r\n\r\nhi")


async def test_an_answer_is_kept_as_it_came() -> None:
    """Reason, header order, case, duplicates and body; an interim answer is passed over."""
    async with saying(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 Fi",
        b"ne\r\nSet-Cookie: a\r\nset-cookie: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        b"1\r\n!\r\n0\r\n\r\n",
    ) as url:
        answer = await ask(url, GET, deadline=5)
    headers = (("Set-Cookie", "a"), ("set-cookie", "b"), ("Transfer-Encoding", "chunked"))
    assert answer == Response(200, headers, b"hi!", "Fine")


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", Response(200, (), b"to the end", "OK")),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi",
            Response(200, (("content-length", "9"),), b"hi", "OK", truncated=True),
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            Response(200, (("transfer-encoding", "chunked"), ("content-length", "2")), b"hi", "OK"),
        ),
        (b"", Failure("broken", "the connection ended before an answer")),
        (b"HTTP/1.1 200 OK\r\ncontent-le", Failure("broken", "the connection ended before an answer")),
    ],
)
async def test_framing_is_read_as_a_browser_reads_it(data: bytes, answer: Response | Failure) -> None:
    """The end of the connection completes only what nothing else delimits; two framings show as headers."""
    async with saying(data) as url:
        assert await ask(url, GET, deadline=5) == answer


async def test_an_answer_to_head_ends_with_its_head() -> None:
    """No body is awaited, whatever length is announced."""
    async with saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n") as url:
        answer = await ask(url, Request("HEAD", "/", (("Host", "h"),)), deadline=5)
    assert answer == Response(200, (("content-length", "9"),), b"", "OK")


async def test_bytes_behind_an_answer_are_not_part_of_it() -> None:
    """What follows a complete answer is left alone."""
    async with saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi+++") as url:
        answer = await ask(url, GET, deadline=5)
    assert isinstance(answer, Response)
    assert answer.body == b"hi"


async def test_failures_have_their_kind() -> None:
    """No listener, silence, and what is no HTTP are told apart."""
    async with saying() as url:
        pass
    assert isinstance(gone := await ask(url, GET, deadline=5), Failure)
    assert gone.kind == "connect"
    async with saying(b"\x00\x01 nonsense\r\n\r\n") as url:
        assert isinstance(broken := await ask(url, GET, deadline=5), Failure)
        assert broken.kind == "broken"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert isinstance(late := await ask(url, GET, deadline=0.05), Failure)
        assert late.kind == "timeout"


def test_addresses_have_the_schemes_port() -> None:
    """A URL without a port means 80 or 443."""
    assert address_of("http://h:8800") == ("h", 8800)
    assert address_of("http://h/") == ("h", 80)
    assert address_of("https://h") == ("h", 443)
