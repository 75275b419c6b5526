"""Reading one request from a connection, exactly as the gateway sent it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httptools

from gateway.core.exchange import Request

if TYPE_CHECKING:
    from asyncio import StreamReader


async def read_request(reader: StreamReader) -> Request | None:
    """The next request with its raw target, header order and case; None when the peer has closed.

    Raises:
        ValueError: what came is no HTTP/1.1 request.
        IncompleteReadError: the connection ended within a request.
    """
    collected = _Collected()
    parser = httptools.HttpRequestParser(collected)
    # The head is read by itself: bytes after an Upgrade belong to the socket.
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise
    except asyncio.LimitOverrunError:
        raise ValueError("a request head of more than 64 KiB") from None
    try:
        parser.feed_data(head)
        while not collected.done:
            data = await reader.read(65_536)
            if not data:
                raise asyncio.IncompleteReadError(bytes(collected.body), None)
            parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError as error:
        raise ValueError(str(error)) from None
    return Request(parser.get_method().decode(), collected.target, tuple(collected.headers), bytes(collected.body))


class _Collected:
    def __init__(self) -> None:
        self.target = ""
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()
        self.done = False

    def on_url(self, url: bytes) -> None:
        self.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1"), value.decode("latin-1").strip(" \t")))

    def on_body(self, data: bytes) -> None:
        self.body += data

    def on_message_complete(self) -> None:
        self.done = True
