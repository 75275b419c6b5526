"""What comes up in one turn of the event loop is done together at its end, unless there is little.

First the work, then what it sends, then what is written down of it. Each kind of thing finds the processor's memory
warm from the one before, and answers do not wait for what is only counted. A write wakes whoever waits for it, on
another core at a cost of about what the write itself takes; of writes that follow each other only the first does.

Where there was no more than one of a kind in the turn before, the next is done at once: who waits for it begins while
the rest of its turn runs here.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("cutover.gateway")


class Sender(Protocol):
    """Somebody with something to send."""

    def send_now(self) -> None:
        """Send it."""
        ...


class Batch:
    """The work, the senders and the notes of this turn of the running loop.

    What one of them raises when it was put off is logged, and no other is the worse for it.
    """

    __slots__ = ("_begun", "_few_sends", "_few_works", "_loop", "_notes", "_senders", "_sent", "_worked", "_works")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._works: list[Callable[[], None]] = []
        self._senders: list[Sender] = []
        self._notes: list[Callable[[], None]] = []
        self._begun = self._worked = self._sent = False
        self._few_works = self._few_sends = True

    def work(self, work: Callable[[], None]) -> None:
        """Do this: the first of a turn at once where there is little, all else when the turn's callbacks have run."""
        first, self._worked = not self._worked, True
        if first and self._few_works:
            work()
        else:
            self._works.append(work)
        if not self._begun:
            self._begin()

    def add(self, sender: Sender) -> None:
        """Let it send: the first of a turn at once where there are few, all others when its work is done."""
        first, self._sent = not self._sent, True
        if first and self._few_sends:
            sender.send_now()
        else:
            self._senders.append(sender)
        if not self._begun:
            self._begin()

    def note(self, note: Callable[[], None]) -> None:
        """Do this when everybody has sent."""
        if not self._begun:
            self._begin()
        self._notes.append(note)

    def _begin(self) -> None:
        self._begun = True
        self._loop.call_soon(self._end)

    def _end(self) -> None:
        works, self._works = self._works, []
        _each(works)
        senders, self._senders = self._senders, []
        _each([sender.send_now for sender in senders])
        notes, self._notes = self._notes, []
        _each(notes)
        self._few_works, self._few_sends = len(works) <= 1, len(senders) <= 1
        self._begun = self._worked = self._sent = False
        if self._works or self._senders or self._notes:
            self._begin()


def _each(calls: list[Callable[[], None]]) -> None:
    for call in calls:
        try:
            call()
        except Exception:  # noqa: BLE001 - the outermost boundary: whoever is next belongs to somebody else
            _log.exception("an end of a turn failed")


_batches: WeakKeyDictionary[asyncio.AbstractEventLoop, Batch] = WeakKeyDictionary()


def shared() -> Batch:
    """The one batch of the running loop, so that who listens and who asks do things together."""
    loop = asyncio.get_running_loop()
    found = _batches.get(loop)
    if found is None:
        found = _batches[loop] = Batch()
    return found
