"""Clients and services that come, go, cut their words and send ahead at any moment, all of it by chance.

Whatever happens: an answer belongs to the request it follows, nothing that ended stays behind, and the gateway has no
fault of its own. The service never answers twice: what it sends ahead of a request, HTTP/1.1 cannot tell apart.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.resilience import CircuitPolicy
from tests.apps.rawclient import RawClient
from tests.apps.repeated import PATH, repeating
from tests.apps.table import bearer
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from tests.apps.echo import Seen
    from tests.apps.repeated import Repeating

TARGETS = (PATH, f"{PATH}/1", f"{PATH}/2", f"{PATH}?a=1")
HANDSHAKE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
FAULTS = ("pieces", "closes", "leaves", "hints", "extra", "reset", "dies", "cut", "chunked", "slow", "fails")
FAILURES = {500, 502, 503, 504}
CLIENTS = 8
PEOPLE = [bearer(sub=f"user-{number}")["Authorization"] for number in range(4)]
"""More than one, so that none comes near his limit."""


@dataclass
class Chance:
    """What happens next, by one seed; `calm` ends it."""

    dice: random.Random
    calm: bool = False
    wrong: list[Any] = field(default_factory=list)

    async def moment(self) -> None:
        """No time, or hardly any."""
        await asyncio.sleep(self.dice.choice((0, 0, 0.0005, 0.001, 0.003)))

    async def serve(self, seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """The service: half of its answers are plain."""
        body = json.dumps({"target": seen.target}).encode()
        start = b"HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\n"
        head = start + b"Content-Length: %d\r\n" % len(body)
        whole = head + b"\r\n" + body
        fault = "" if self.calm or self.dice.random() < 0.5 else self.dice.choice(FAULTS)
        cut = self.dice.randrange(1, len(whole))
        match fault:
            case "pieces":
                writer.write(whole[:cut])
                await self.moment()
                writer.write(whole[cut:])
            case "closes":
                writer.write(head + b"Connection: close\r\n\r\n" + body)
            case "hints":
                writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                await self.moment()
                writer.write(whole)
            case "extra":
                writer.write(whole + b"HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n")
            case "reset" | "cut":
                writer.write(whole[:cut])
                if fault == "reset":
                    reset(writer)
            case "dies":
                pass
            case "chunked":
                writer.write(start + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
            case "fails":
                writer.write(whole.replace(b"200 OK", b"500 No"))
            case _:
                await asyncio.sleep(0.01 if fault == "slow" else 0)
                writer.write(whole)
        return fault not in {"closes", "leaves", "extra", "reset", "dies", "cut"}

    def asking(self, target: str, more: bytes = b"") -> bytes:
        """A request for it."""
        who = self.dice.choice(PEOPLE)
        return f"GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: {who}\r\n".encode() + more + b"\r\n"

    async def visit(self, port: int) -> None:
        """One connection of a client, from its first request to its end."""
        async with RawClient(f"http://127.0.0.1:{port}") as client:
            client.reader, client.writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(self.dice.randrange(1, 8)):
                if not await self._requests(client):
                    return

    async def _requests(self, client: RawClient) -> bool:
        """Some requests at once, and their answers; whether the connection goes on."""
        assert client.writer is not None
        targets = self.dice.choices(TARGETS, k=self.dice.choice((1, 1, 1, 2, 5)))
        pieces = [self.asking(target) for target in targets]
        last = self.dice.random() < 0.1
        if last:
            pieces.append(
                self.dice.choice((b"GARBAGE\x01\r\n\r\n", self.asking(PATH, HANDSHAKE) + b"\x81\x00" + pieces[0]))
            )
        for piece in pieces if self.dice.random() < 0.5 else (b"".join(pieces),):
            client.writer.write(piece)
            if self.dice.random() < 0.3:
                await self.moment()
        if self.dice.random() < 0.08:
            await self.moment()
            reset(client.writer)
            return False
        for target in targets:
            answer = await asyncio.wait_for(client.receive(), 10)
            if answer.status == 200:
                if json.loads(answer.body)["target"] != target.removeprefix("/api"):
                    self.wrong.append((target, answer))
            elif answer.status not in FAILURES:
                self.wrong.append((target, answer))
            if answer.header("connection") == "close":
                return False
        # A handshake is refused behind a request that is not answered yet; else nobody has a socket to offer.
        if last and (answer := await asyncio.wait_for(client.receive(), 10)).status not in {400, 404}:
            self.wrong.append(("last", answer))
        return not last


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection without the courtesy of an end."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _rests(play: Repeating) -> None:
    context = play.gate.gateway.context
    await eventually(lambda: context.metrics.in_flight == 0)
    for origin in context.pool.origins():
        await eventually(lambda origin=origin: context.pool.open(origin) == context.pool.idle(origin))


@pytest.mark.parametrize(
    ("seed", "visits"), [(0, 8), pytest.param(random.randrange(10**6), 60, id="any", marks=pytest.mark.proof)]
)
async def test_whoever_leaves_whenever_each_answer_is_to_its_own_request(
    seed: int, visits: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Hundreds of requests by eight clients: none gets another's answer, and nothing stays in hand."""
    chance = Chance(random.Random(seed))
    broken: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: broken.append(what))

    async def client(port: int) -> None:
        for _ in range(visits):
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await chance.visit(port)

    async with repeating(chance.serve, circuit=CircuitPolicy(least=10**9)) as play:
        await asyncio.gather(*(client(play.gate.port) for _ in range(CLIENTS)))
        chance.calm = True
        await _rests(play)
        assert (await play.ask()).status == 200
        assert play.shortcuts > visits
    faults = [one for one in caplog.records if one.levelno >= logging.ERROR]
    assert (chance.wrong, broken, faults) == ([], [], []), f"seed {seed}"
