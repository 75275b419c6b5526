"""DeepDiff in a process of its own, with a deadline: some small inputs keep it busy for minutes.

The worker starts with the first question, stays for the next ones, is killed when an answer is late, and ends when
its standard input closes, so that it never outlives this process. A killed child is followed by another at once, so
that it is ready when the next question comes.
"""

from __future__ import annotations

import atexit
import json
import selectors
import subprocess
import sys
import threading
import time
from typing import Any

_START_SECONDS = 5.0


class Worker:
    """One child process; questions are answered one at a time, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._patience = _START_SECONDS

    def pairs(self, legacy: list[Any], gateway: list[Any], seconds: float) -> list[tuple[int, int]] | None:
        """Positions of items that belong together (-1: no partner); None when there is no answer in time.

        Only the very first question waits longer than `seconds`, for the child to start.
        """
        question = json.dumps([legacy, gateway]).encode() + b"\n"
        if not self._lock.acquire(timeout=seconds):
            return None
        try:
            answer = self._answer(question, seconds)
        finally:
            self._lock.release()
        return None if answer is None else [(a, b) for a, b in json.loads(answer)]

    def _answer(self, question: bytes, seconds: float) -> bytes | None:
        try:
            child = self._running(seconds)
            if not self._ready:
                return None
            answer = _ask(child, question, seconds)
        except OSError:
            answer = None
        if answer is None:
            self._stop()
            # It gets ready while nobody waits for it.
            self._start()
        return answer

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child else None

    def close(self) -> None:
        """End the child; it starts again with the next question."""
        with self._lock:
            self._stop()

    def _running(self, seconds: float) -> subprocess.Popen[bytes]:
        child = self._child
        if child is None or child.poll() is not None:
            self._stop()
            child = self._start()
        if not self._ready:
            self._ready = _line(child, max(seconds, self._patience)) is not None
            self._patience = 0.0
        return child

    def _start(self) -> subprocess.Popen[bytes]:
        self._ready = False
        self._child = subprocess.Popen(
            [sys.executable, "-m", "shadow.diff.deep_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        return self._child

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _ask(child: subprocess.Popen[bytes], question: bytes, seconds: float) -> bytes | None:
    if child.stdin is None:
        return None
    # The child reads a whole line before it thinks, so that writing more than the pipe holds cannot stick.
    child.stdin.write(question)
    return _line(child, seconds)


def _line(child: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    if child.stdout is None:
        return None
    end, got = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(child.stdout, selectors.EVENT_READ)
        while not got.endswith(b"\n"):
            if not waiting.select(max(0.0, end - time.monotonic())):
                return None
            chunk = child.stdout.read(65_536)
            if not chunk:
                return None
            got += chunk
    return got


_shared = Worker()
pairs = _shared.pairs
close = _shared.close
atexit.register(close)
