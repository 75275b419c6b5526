"""Writes of one turn of the event loop: the first goes out at once, the others together at the end of the turn.

A write wakes whoever waits for it, on another core at a cost of about what the write itself takes; of writes that
follow each other only the first does. A lone one does not wait: he can begin while the rest of its turn runs here.
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

    __slots__ = ("_begun", "_loop", "_senders")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._senders: list[Sender] = []
        self._begun = False

    def add(self, sender: Sender) -> None:
        """Let it send: now if nobody has in this turn, else when the callbacks of the turn have run."""
        if self._begun:
            self._senders.append(sender)
            return
        self._begun = True
        self._loop.call_soon(self._end)
        sender.send_now()

    def _end(self) -> None:
        senders, self._senders = self._senders, []
        self._begun = False
        for sender in senders:
            sender.send_now()
