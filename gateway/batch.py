"""Writes of one turn of the event loop go out together at its end, unless there are few.

A write wakes whoever waits for it, on another core at a cost of about what the write itself takes; of writes that
follow each other only the first does. Where there was one write in the turn before, the next goes out at once: who
waits for it begins while the rest of its turn runs here.
"""

from __future__ import annotations

import asyncio
from typing import Protocol


class Sender(Protocol):
    """Somebody with something to send."""

    def send_now(self) -> None:
        """Send it."""
        ...


class Batch:
    """Those who send in this turn of the loop."""

    __slots__ = ("_begun", "_few", "_loop", "_senders")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._senders: list[Sender] = []
        self._begun = False
        self._few = True

    def add(self, sender: Sender) -> None:
        """Let it send: the first of a turn at once where there are few, all others when its callbacks have run."""
        first = not self._begun
        if first:
            self._begun = True
            self._loop.call_soon(self._end)
        if first and self._few:
            sender.send_now()
        else:
            self._senders.append(sender)

    def _end(self) -> None:
        senders, self._senders = self._senders, []
        self._begun, self._few = False, len(senders) <= 1
        for sender in senders:
            sender.send_now()
