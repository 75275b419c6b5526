"""Large bodies summed beside the event loop: one thread hashes what passes, and nobody waits for it."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from shadow.sums import RunningSum

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gateway.core.exchange import BodySum

BEHIND = 8 * 1024 * 1024
"""Bytes that may wait to be summed; a body that meets more is given up, and counts as oversize."""


class Summing:
    """The thread; it begins with the first large body and ends with the process."""

    def __init__(self, behind: int = BEHIND) -> None:
        self._behind = behind
        self._given = 0
        self._done = 0
        self._queue: queue.SimpleQueue[Callable[[], int]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, start: bytes) -> PassingSum:
        """The sum of a body of which this has passed already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="summing", daemon=True)
            self._thread.start()
        passing = PassingSum(self)
        passing.add(start)
        return passing

    def give(self, size: int, work: Callable[[], int]) -> bool:
        """Have some work done in turn; False when too much waits already. `work` returns the bytes it did."""
        if size and self._given - self._done + size > self._behind:
            return False
        self._given += size
        self._queue.put(work)
        return True

    def _work(self) -> None:
        while True:
            self._done += self._queue.get()()


class PassingSum:
    """One body on its way; its methods belong to the event loop's thread and return at once."""

    def __init__(self, summing: Summing) -> None:
        self._summing = summing
        self._sum = RunningSum()
        self._lost = False

    def add(self, chunk: bytes) -> None:
        """The next piece."""
        # hashlib lets go of the interpreter's lock while it hashes more than 2 KiB.
        self._lost = self._lost or not self._summing.give(len(chunk), lambda: self._add(chunk))

    def finish(self, loop: asyncio.AbstractEventLoop, then: Callable[[BodySum | None], None]) -> None:
        """Call `then` in the loop once all of it is summed; with None when it was too much."""

        def tell() -> int:
            value = None if self._lost else self._sum.value
            if not loop.is_closed():
                loop.call_soon_threadsafe(then, value)
            return 0

        self._summing.give(0, tell)

    def _add(self, chunk: bytes) -> int:
        self._sum.add(chunk)
        return len(chunk)
