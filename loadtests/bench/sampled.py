"""A `cutover` command that notes, each time it has worked for some milliseconds, what it is at."""

from __future__ import annotations

import atexit
import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

EVERY = 0.004
"""Seconds of processor time between two looks: the system's own tick, below which it does not look."""
_ROOT = str(Path(__file__).parents[2]) + "/"


class Samples:
    """How often a function was at work itself, and how often it or what it called; a signal begins anew."""

    def __init__(self) -> None:
        self.taken = 0
        self.itself: Counter[str] = Counter()
        self.within: Counter[str] = Counter()

    def take(self, _number: int, frame: FrameType | None) -> None:
        """Look."""
        self.taken += 1
        seen: set[str] = set()
        while frame is not None:
            name = f"{frame.f_code.co_filename.removeprefix(_ROOT)}:{frame.f_code.co_qualname}"
            if not seen:
                self.itself[name] += 1
            seen.add(name)
            frame = frame.f_back
        self.within.update(seen)

    def begin(self, *_: object) -> None:
        """Forget what was seen, and look from now on."""
        self.taken = 0
        self.itself.clear()
        self.within.clear()
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def end(self, *_: object) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def to_json(self) -> dict[str, Any]:
        """Everything that was seen."""
        return {"taken": self.taken, "itself": dict(self.itself), "within": dict(self.within)}


def main(arguments: list[str]) -> None:
    """`FILE` for what is seen, then the command's own words. SIGUSR1 begins, SIGUSR2 ends."""
    samples, place = Samples(), Path(arguments[0])
    signal.signal(signal.SIGPROF, samples.take)
    signal.signal(signal.SIGUSR1, samples.begin)
    signal.signal(signal.SIGUSR2, samples.end)
    atexit.register(lambda: place.write_text(json.dumps(samples.to_json())))
    sys.argv = ["cutover", *arguments[1:]]
    runpy.run_module("migrate", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
