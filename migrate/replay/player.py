"""The player: the upstream of a closed replay. It answers each exchange as recorded, and keeps what it was asked."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError
from gateway.core.exchange import Frame, Request, Response, is_event_stream
from migrate.replay.answer import parts, under_host
from migrate.replay.asked import read_request
from migrate.replay.questions import is_question
from migrate.replay.sockets import play_frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gateway.core.exchange import Exchange
    from migrate.replay.questions import Questions

ALONE = 1.0
"""Seconds the first event of a stream stands alone before the player goes on without having heard that it arrived."""
_REFUSAL = b"the recording holds no such request"
_UNEXPECTED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (
    len(_REFUSAL),
    _REFUSAL,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request the gateway under test sent to a service."""

    service: str
    request: Request


@dataclass(slots=True)
class Cue:
    """The exchange that is being played, and what the gateway made of it.

    `arrived` is set by the client when body bytes reach it; `held_back` says that a stream's first event did not
    reach the client before the second was sent. `frames` are the WebSocket messages the gateway sent upstream.
    """

    exchange: Exchange
    calls: list[Call] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    held_back: bool = False


class Player:
    """One HTTP/1.1 server per service; give the exchange with `cue` before the request is sent."""

    def __init__(self, alone: float = ALONE) -> None:
        self._alone = alone
        self.addresses: dict[str, str] = {}
        self.current: Cue | None = None
        self.stray: list[Call] = []
        self.questions: Questions | None = None

    def cue(self, exchange: Exchange) -> Cue:
        """Make this exchange the one that is answered next; exactly once, by its own service."""
        self.current = Cue(exchange)
        return self.current

    async def connected(self, service: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends, or until an answer that closes it."""
        try:
            while (request := await read_request(reader)) is not None:
                if not await self._answer(Call(service, request), reader, writer):
                    break
        except (ConnectionError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if self.questions is not None and is_question(call.request):
            head, chunks, keep = parts(self.questions.answer(call.service, call.request), call.request.method)
            writer.writelines([head, *chunks])
            await writer.drain()
            return keep
        cue = self.current
        if cue is None:
            self.stray.append(call)
        else:
            cue.calls.append(call)
        if cue is None or len(cue.calls) > 1 or call.service != cue.exchange.service:
            writer.write(_UNEXPECTED)
            await writer.drain()
            return False
        response = cue.exchange.response
        if not isinstance(response, Response):
            return False
        if call.request.is_upgrade and response.status == 101:  # noqa: PLR2004 - Switching Protocols
            await play_frames(call.request, cue.exchange, reader, writer, cue.frames)
            return False
        told = under_host(response, cue.exchange.request, call.request)
        return await self._write(cue, told, call.request.method, writer)

    async def _write(self, cue: Cue, response: Response, method: str, writer: asyncio.StreamWriter) -> bool:
        head, chunks, keep = parts(response, method)
        writer.write(head)
        for number, chunk in enumerate(chunks):
            writer.write(chunk)
            await writer.drain()
            if number == 0 and len(chunks) > 1 and is_event_stream(response.headers):
                cue.held_back = not await _within(cue.arrived, self._alone)
        await writer.drain()
        return keep


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def playing(services: Mapping[str, str], *, alone: float = ALONE) -> AsyncIterator[Player]:
    """A player that listens for every service; values are `host:port`, port 0 binds a free one.

    `alone` is how many seconds the first event of a stream waits to be heard of.

    Raises:
        UnreachableError: an address is taken or not this machine's.
    """
    player = Player(alone)
    async with AsyncExitStack() as stack:
        for service, listen in services.items():
            host, _, port = listen.rpartition(":")
            player.addresses[service] = await _listen(stack, player, service, (host or "127.0.0.1", int(port or 0)))
        yield player


async def _listen(stack: AsyncExitStack, player: Player, service: str, address: tuple[str, int]) -> str:
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this in a task
        connections.add(task)
        try:
            await player.connected(service, reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            connections.discard(task)

    try:
        server = await asyncio.start_server(serve, *address)
    except OSError as error:
        raise UnreachableError(
            f"the player for {service} cannot listen on {address[0]}:{address[1]}: {error.strerror};"
            " give another address with --player-listen"
        ) from None
    stack.push_async_callback(_close, server, connections)
    host, port = server.sockets[0].getsockname()[:2]
    return f"http://{host}:{port}"


async def _close(server: asyncio.Server, connections: set[asyncio.Task[None]]) -> None:
    server.close()
    tasks = list(connections)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
