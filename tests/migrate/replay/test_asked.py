from __future__ import annotations

import asyncio

import pytest

from migrate.replay.asked import read_request


def fed(*pieces: bytes) -> asyncio.StreamReader:
    """A reader that holds these bytes and then ends."""
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    reader.feed_eof()
    return reader


async def test_a_request_is_read_as_it_stood() -> None:
    """Raw target, header order, case and duplicates, and the body."""
    request = await read_request(
        fed(b"PUT /a%2Fb?x=1&x=2 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: \xfc\r\nContent-Length: 2\r\n\r\nhi")
    )
    assert request is not None
    assert (request.method, request.target, request.body) == ("PUT", "/a%2Fb?x=1&x=2", b"hi")
    assert request.headers == (("Host", "h"), ("X-A", "1"), ("x-a", "ü"), ("Content-Length", "2"))


async def test_a_chunked_body_is_put_together() -> None:
    """Chunks become one body."""
    request = await read_request(
        fed(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    )
    assert request is not None
    assert request.body == b"abc"


async def test_bytes_behind_an_upgrade_stay_in_the_reader() -> None:
    """The first frame of a socket is left for the socket."""
    head = b"GET /s HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    reader = fed(head + b"frame")
    request = await read_request(reader)
    assert request is not None
    assert request.is_upgrade
    assert await reader.read() == b"frame"


async def test_a_closed_connection_is_no_request() -> None:
    """The end between requests is None; the end within one is an error."""
    assert await read_request(fed()) is None
    with pytest.raises(asyncio.IncompleteReadError):
        await read_request(fed(b"GET / HT"))
    with pytest.raises(asyncio.IncompleteReadError):
        await read_request(fed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhi"))


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000 + b"\r\n\r\n"])
async def test_what_is_no_request_is_refused(data: bytes) -> None:
    """Another protocol and an endless head are value errors."""
    with pytest.raises(ValueError, match=r"."):
        await read_request(fed(data))
