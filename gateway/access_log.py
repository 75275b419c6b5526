"""Lines for stderr, written together: a write for each request would cost as much as the request's own."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref

SECONDS = 0.2
"""For so long at most a line waits for others."""
BYTES = 1 << 16
"""So many characters at most wait."""


class AccessLog:
    """Takes lines and writes them in order; what waits is written at the end of the process, too.

    What cannot be written is lost.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        weakref.finalize(self, _write, self._lines)

    def add(self, line: str) -> None:
        """One line, without its end. Outside an event loop it is written at once."""
        self._lines.append(line)
        self._size += len(line)
        if self._size >= BYTES:
            self.flush()
        elif self._timer is None:
            try:
                self._timer = asyncio.get_running_loop().call_later(SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._size = 0
        _write(self._lines)


def _write(lines: list[str]) -> None:
    if lines:
        text = "\n".join([*lines, ""])
        lines.clear()
        # Whoever read it has gone, or it is closed: no request is the worse for that.
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()
