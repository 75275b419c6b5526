"""A service that writes down what reaches it, and fails now and then."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from tests.apps.echo import respond

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from tests.apps.echo import Seen, Upstream

    Fault = Callable[[Seen, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]

EVENTS = 3
"""What an event stream of the service holds."""
FAULT = "fault"


def _nobody(_line: str) -> None:
    pass


class Journal:
    """A service's behaviour: every `every`-th request meets the fault, after it was written down.

    A write is written down when it has arrived whole, whatever is answered then. A request that comes again, as a
    second attempt does, meets no fault: what fails twice no second attempt can save. `note` hears of each write, by
    its id, and of each fault.
    """

    def __init__(
        self, up: Upstream, fault: Fault | None = None, *, every: int = 1, note: Callable[[str], None] = _nobody
    ) -> None:
        self.writes: Counter[str] = Counter()
        self.faults = 0
        self.fault = fault
        self.every = every
        self._note = note
        self._turn = itertools.count(1)
        self._met: set[str] = set()
        up.behave = self.behave

    async def behave(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request."""
        first = self._is_first(seen)
        if self.fault is not None and first and next(self._turn) % self.every == 0:
            self.faults += 1
            self._note(FAULT)
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
            one = seen.body.decode()
            self.writes[one] += 1
            self._note(one)
            return self.writes[one] == 1
        if seen.target in self._met:
            return False
        if "?" in seen.target:
            self._met.add(seen.target)
        return True
