"""How the process itself does: memory, descriptors, processor time, and how late its event loop comes."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.metrics import Histogram

BEAT = 0.5
"""Seconds between two looks at the event loop."""
_STARTED = time.time()


def vitals() -> dict[str, float]:
    """Metrics of this moment; those that only Linux tells are absent elsewhere."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "process_cpu_seconds_total": round(usage.ru_utime + usage.ru_stime, 3),
        "process_start_time_seconds": round(_STARTED, 3),
        "process_max_fds": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        **_linux(Path("/proc/self")),
    }


def _linux(proc: Path) -> dict[str, float]:
    try:
        pages = int((proc / "statm").read_text().split()[1])
        descriptors = len(os.listdir(proc / "fd")) - 1  # noqa: PTH208 - names are counted, not made into paths
    except OSError:
        return {}
    return {"process_resident_memory_bytes": pages * resource.getpagesize(), "process_open_fds": descriptors}


class Beat:
    """A regular beat on the running loop; by how much it comes late is how long everything waits."""

    def __init__(self, lag: Histogram, seconds: float = BEAT) -> None:
        self._lag = lag
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; once it has begun, nothing more happens."""
        if self._timer is None:
            self._next(asyncio.get_running_loop())

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        due = loop.time() + self._seconds
        self._timer = loop.call_at(due, self._came, loop, due)

    def _came(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._lag.observe(max(0.0, loop.time() - due))
        self._next(loop)
