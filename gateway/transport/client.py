"""One request to a service and its answer as a stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from gateway.transport.errors import Broken, TransportError

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Timeouts
    from gateway.transport.connection import Connection
    from gateway.transport.heads import Head
    from gateway.transport.origin import Origin
    from gateway.transport.pool import Pool


class Source(Protocol):
    """A request body that is still arriving; `length` is None when it is not known."""

    length: int | None

    async def take(self) -> bytes:
        """The next piece, empty at the end."""
        ...


class Upstream:
    """A response whose body is still arriving. `take` until empty, or `close` to give it up."""

    __slots__ = ("_connection", "_idle", "_origin", "_pool", "headers", "status")

    def __init__(self, pool: Pool, origin: Origin, connection: Connection, head: Head, idle: float) -> None:
        self.status = head.status
        self.headers: Headers = head.headers
        self._pool = pool
        self._origin = origin
        self._connection: Connection | None = connection
        self._idle = idle

    async def take(self) -> bytes:
        """The next piece of the body as the service sent it, empty at the end.

        Raises:
            TransportError: the service broke off or fell silent.
        """
        if self._connection is None:
            return b""
        try:
            data = await self._connection.read(self._idle)
        except BaseException:
            self.close()
            raise
        if not data:
            self._pool.release(self._origin, self._connection)
            self._connection = None
        return data

    def whole(self) -> bytes | None:
        """The body, if all of it is here already: then nothing is left to take, and nothing to wait for."""
        if self._connection is None:
            return b""
        body = self._connection.whole()
        if body is not None:
            self._pool.release(self._origin, self._connection)
            self._connection = None
        return body

    def close(self) -> None:
        """Give up what has not arrived: the service sees the connection end at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


async def send(
    pool: Pool, origin: Origin, request: Request, source: Source | None, timeouts: Timeouts, *, fresh: bool = False
) -> Upstream:
    """Send a request and wait for the response head.

    The body is `request.body`, or comes piece by piece from `source`; `request.headers` carry the framing.

    Raises:
        TransportError: of the kind and with the `sent` that say what may follow.
    """
    connection = (None if fresh else pool.rested(origin)) or await pool.take(origin, timeouts.connect, fresh=True)
    connection.start(bodyless=request.method == "HEAD")
    try:
        if not connection.put(serialise(request)):
            await connection.taken(timeouts.idle)
        if source is not None:
            await _pour(connection, source, timeouts.idle)
        head = await connection.head(timeouts.first_byte)
    except BaseException:
        connection.close()
        raise
    return Upstream(pool, origin, connection, head, timeouts.idle)


def serialise(request: Request) -> bytes:
    """The request as it goes on the wire; targets and header bytes as they are.

    Raises:
        TransportError: a value would end its line early.
    """
    lines = "\r\n".join(map(": ".join, request.headers))
    ends = len(request.headers) - 1
    if lines.count("\n") != ends or lines.count("\r") != ends or "\0" in lines or not _one_line(request.target):
        raise TransportError("a header value holds a line end")
    target = request.target.encode("utf-8", "surrogateescape")
    head = lines.encode("latin-1")
    return b"%s %s HTTP/1.1\r\n%s\r\n\r\n%s" % (request.method.encode(), target, head, request.body)


def _one_line(target: str) -> bool:
    return "\n" not in target and "\r" not in target and "\0" not in target


async def _pour(connection: Connection, source: Source, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    scope = asyncio.timeout(None)
    try:
        async with scope:
            connection.when_answered(lambda: scope.reschedule(loop.time()))
            await _pieces(connection, source, seconds)
    except TimeoutError:
        if not scope.expired():
            raise
        # The service has decided without the rest; the connection ends after its answer.
        connection.spoil()
    except Broken:
        if not connection.answered:
            raise
    finally:
        connection.when_answered(None)


async def _pieces(connection: Connection, source: Source, seconds: float) -> None:
    chunked = source.length is None
    while piece := await source.take():
        await connection.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece, seconds)
    if chunked:
        await connection.write(b"0\r\n\r\n", seconds)
