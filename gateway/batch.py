"""Writes of one turn of the event loop, sent together at its end.

A write wakes whoever waits for it, on another core at a cost of about what the write itself takes; the second of two
writes that follow each other finds him awake.
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
    """Those who send when the callbacks of this turn of the loop have run."""

    __slots__ = ("_loop", "_senders")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._senders: list[Sender] = []

    def add(self, sender: Sender) -> None:
        """Let it send soon."""
        if not self._senders:
            self._loop.call_soon(self._send)
        self._senders.append(sender)

    def _send(self) -> None:
        senders, self._senders = self._senders, []
        for sender in senders:
            sender.send_now()
