"""Twenty clients that read and write at once.

Each write carries an id of its own. What a client was told about it is held against the service's journal afterwards.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tests.apps.rawclient import RawClient
from tests.apps.table import bearer

if TYPE_CHECKING:
    from collections.abc import Iterator

READ, WRITE, STREAM = "/api/things", "/api/things", "/api/stream"
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


class Written(Protocol):
    """What a service has written down: the ids of the writes that arrived, and how often."""

    @property
    def writes(self) -> Counter[str]: ...


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


def judge(outcomes: list[Outcome], journal: Written, *, seconds: float) -> None:
    """What holds under every fault: no write twice, none called done that is not, no hang, no 500 of our own."""
    writes = journal.writes
    for outcome in outcomes:
        assert outcome.seconds < seconds, outcome
        assert outcome.status != _FAILED or b'"reason"' not in outcome.body, outcome
        if outcome.kind == "write":
            delivered = writes[str(outcome.id)]
            assert delivered <= 1, outcome
            assert delivered == 1 or not outcome.well, outcome
    assert set(writes) <= {str(outcome.id) for outcome in outcomes if outcome.kind == "write"}


def reads(outcomes: list[Outcome]) -> list[Outcome]:
    """Those that only read."""
    return [outcome for outcome in outcomes if outcome.kind != "write"]


def statuses(outcomes: list[Outcome]) -> Counter[int]:
    """How often each status came."""
    return Counter(outcome.status for outcome in outcomes)
