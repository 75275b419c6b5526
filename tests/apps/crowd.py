"""Twenty clients that read and write at once, and a service that keeps a journal of what reached it.

Each write carries an id of its own. What a client was told about it is held against the journal afterwards.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.apps.echo import respond
from tests.apps.rawclient import RawClient
from tests.apps.table import bearer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from tests.apps.echo import Seen, Upstream

    Fault = Callable[[Seen, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]

READ, WRITE, STREAM = "/api/things", "/api/things", "/api/stream"
EVENTS = 3
_IMPATIENT = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError)
_FAILED = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one client was told: the status, 0 where no whole answer came, and how long that took."""

    kind: str
    id: int
    status: int
    seconds: float
    body: bytes = b""

    @property
    def well(self) -> bool:
        """A whole answer that says success."""
        return 200 <= self.status < 300


class Journal:
    """A service's behaviour: every `every`-th request meets the fault, after it was written down.

    A write is written down when it has arrived whole, whatever is answered then. A request that comes again, as a
    second attempt does, meets no fault: what fails twice no second attempt can save.
    """

    def __init__(self, up: Upstream, fault: Fault | None = None, *, every: int = 1) -> None:
        self.writes: Counter[str] = Counter()
        self.faults = 0
        self.fault = fault
        self._every = every
        self._turn = itertools.count(1)
        self._met: set[str] = set()
        up.behave = self.behave

    async def behave(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request."""
        first = self._is_first(seen)
        if self.fault is not None and first and next(self._turn) % self._every == 0:
            self.faults += 1
            return await self.fault(seen, reader, writer)
        if seen.target.startswith("/stream"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(EVENTS):
                writer.write(b"9\r\ndata: x\n\n\r\n")
                await writer.drain()
            writer.write(b"0\r\n\r\n")
            return True
        return await respond(writer, 201 if seen.method == "POST" else 200, seen.target.encode())

    def _is_first(self, seen: Seen) -> bool:
        if seen.method == "POST":
            self.writes[seen.body.decode()] += 1
            return self.writes[seen.body.decode()] == 1
        if seen.target in self._met:
            return False
        if "?" in seen.target:
            self._met.add(seen.target)
        return True


@dataclass
class Crowd:
    """Clients of one gateway; `outcomes` grows while they `work`."""

    address: str
    clients: int = 20
    patience: float = 10.0
    streams: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    async def work(self, each: int = 12) -> list[Outcome]:
        """So many requests by each client, reads and writes in turn; what came of these."""
        before = len(self.outcomes)
        await asyncio.gather(*(self._client(number, each) for number in range(self.clients)))
        return self.outcomes[before:]

    async def until(self, done: asyncio.Event) -> list[Outcome]:
        """Requests without a pause until the event."""
        before = len(self.outcomes)
        while not done.is_set():
            await self.work(2)
        return self.outcomes[before:]

    async def _client(self, number: int, each: int) -> None:
        async with RawClient(self.address) as client:
            for turn in range(each):
                kind = "write" if (number + turn) % 2 else "stream" if self.streams else "read"
                self.outcomes.append(await self._request(client, kind, next(self._ids)))

    async def _request(self, client: RawClient, kind: str, one: int) -> Outcome:
        headers = tuple(bearer().items())
        started = time.monotonic()
        status, body = 0, b""
        try:
            async with asyncio.timeout(self.patience):
                if kind == "write":
                    await client.send("POST", WRITE, *headers, body=b"%d" % one)
                else:
                    await client.send("GET", STREAM if kind == "stream" else f"{READ}?{one}", *headers)
                answer = await client.receive()
            status, body = answer.status, answer.body
            if answer.header("connection").lower() == "close":
                client.close()
        except _IMPATIENT:
            client.close()
        return Outcome(kind, one, status, time.monotonic() - started, body)


def judge(outcomes: list[Outcome], journal: Journal, *, seconds: float) -> None:
    """What holds under every fault: no write twice, none called done that is not, no hang, no 500 of our own."""
    for outcome in outcomes:
        assert outcome.seconds < seconds, outcome
        assert outcome.status != _FAILED or b'"reason"' not in outcome.body, outcome
        if outcome.kind == "write":
            delivered = journal.writes[str(outcome.id)]
            assert delivered <= 1, outcome
            assert delivered == 1 or not outcome.well, outcome
    assert set(journal.writes) <= {str(outcome.id) for outcome in outcomes if outcome.kind == "write"}


def reads(outcomes: list[Outcome]) -> list[Outcome]:
    """Those that only read."""
    return [outcome for outcome in outcomes if outcome.kind != "write"]


def statuses(outcomes: list[Outcome]) -> Counter[int]:
    """How often each status came."""
    return Counter(outcome.status for outcome in outcomes)
