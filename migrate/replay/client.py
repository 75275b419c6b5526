"""The client of a closed replay: sends a request exactly as it is, and keeps the answer exactly as it came."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httptools

from gateway.core.exchange import Failure, Response, header

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.exchange import Request

_READ = 65_536
_FINAL = 200
_SWITCHING = 101


def address_of(url: str) -> tuple[str, int]:
    """Host and port of a gateway's public URL."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or (443 if parts.scheme == "https" else 80)


async def ask(
    url: str, request: Request, *, deadline: float, on_body: Callable[[], None] = lambda: None
) -> Response | Failure:
    """The answer to one request over a connection of its own; `on_body` is called when body bytes arrive.

    Target, header order, case and duplicates go out as they stand; the answer's are kept the same way. An answer
    that breaks off is truncated; one that is no HTTP/1.1 is a `broken` failure.
    """
    host, port = address_of(url)
    try:
        async with asyncio.timeout(deadline):
            reader, writer = await asyncio.open_connection(host, port, ssl=url.startswith("https:") or None)
            try:
                writer.write(serialise(request))
                await writer.drain()
                return await _answer(reader, request.method, on_body)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return Failure("timeout", f"no whole answer within {deadline:g} s")
    except ConnectionRefusedError:
        return Failure("connect", f"{host}:{port} refuses connections")
    except (OSError, httptools.HttpParserError) as error:
        return Failure("broken", f"{type(error).__name__}: {error}")


def serialise(request: Request) -> bytes:
    """The request's bytes in HTTP/1.1; a body announced as chunked goes out as one chunk (RFC 9112 §7.1)."""
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    if "chunked" in (header(request.headers, "transfer-encoding") or "").lower():
        chunk = b"%x\r\n%b\r\n" % (len(request.body), request.body) if request.body else b""
        return head + chunk + b"0\r\n\r\n"
    return head + request.body


async def _answer(reader: asyncio.StreamReader, method: str, on_body: Callable[[], None]) -> Response | Failure:
    collected = Collected(method, on_body)
    while not collected.done:
        data = await reader.read(_READ)
        if not data:
            return collected.ended()
        collected.feed(data)
    return collected.response()


class Collected:
    """What has been seen of one answer; interim answers (1xx) are passed over.

    Content-Length beside Transfer-Encoding is read as a browser reads it (RFC 9112 §6.3), so that the fault shows as
    the header it is.
    """

    def __init__(self, method: str, on_body: Callable[[], None]) -> None:
        self.done = False
        self._bodiless = method == "HEAD"
        self._on_body = on_body
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_chunked_length=True)
        self._head = False
        self._reason = b""
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire.

        Raises:
            HttpParserError: they are no HTTP/1.1.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.done = True
        except httptools.HttpParserError:
            if not self.done:
                raise

    def ended(self) -> Response | Failure:
        """The answer when the connection has ended: complete if only the end could delimit it, else truncated."""
        if not self._head:
            return Failure("broken", "the connection ended before an answer")
        names = {name.lower() for name, _ in self._headers}
        return self.response(truncated=bool(names & {"content-length", "transfer-encoding"}))

    def response(self, *, truncated: bool = False) -> Response:
        """The answer as far as it came."""
        status = self._parser.get_status_code()
        return Response(status, tuple(self._headers), bytes(self._body), self._reason.decode("latin-1"), truncated)

    def on_status(self, reason: bytes) -> None:
        """Part of the reason phrase."""
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        if not self.done:
            self._headers.append((name.decode("latin-1"), value.decode("latin-1").strip(" \t")))

    def on_headers_complete(self) -> None:
        """The head is there; an answer to HEAD ends with it."""
        status = self._parser.get_status_code()
        self._head = status >= _FINAL or status == _SWITCHING
        self.done = self.done or (self._head and self._bodiless)

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        if not self.done:
            self._body += data
            self._on_body()

    def on_message_complete(self) -> None:
        """The end of an answer; after an interim one everything starts anew."""
        if self._head:
            self.done = True
        else:
            self._reason = b""
            self._headers = []
