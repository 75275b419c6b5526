"""A child ends when its parent does, however the parent ended: a pipe that only the parent holds open."""

from __future__ import annotations

import os
import signal
import threading
import time

VARIABLE = "CUTOVER_LIFELINE"
_GRACE = 3.0
"""Seconds between asking the process to end and ending it."""


def end_with_parent() -> None:
    """Watch the pipe whose number the parent left in the environment; without one nothing happens."""
    number = os.environ.pop(VARIABLE, "")
    if number.isdigit():
        threading.Thread(target=_watch, args=(int(number),), name="lifeline", daemon=True).start()


def _watch(pipe: int) -> None:
    while os.read(pipe, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os.kill(os.getpid(), signal.SIGKILL)
