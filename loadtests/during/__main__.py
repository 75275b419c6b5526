"""The process that disturbs a load: orders on stdin, accounts on stdout. It outlives whoever ordered, to undo.

First line in: the orders; out: `{"ready": true}` or the reason why not. Then a line with the monotonic second at
which the load began, as often as it becomes known better. The end of stdin ends all: what must not stay is undone.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from gateway.core.errors import CutoverError
from loadtests.during.act import Account, Doer
from loadtests.during.order import Action, Disturbances, Due

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LOOK = 0.02


class Watch:
    """The load's clock, as it is told from outside."""

    def __init__(self) -> None:
        self._began: float | None = None
        self.over = threading.Event()

    def follow(self, lines: Iterable[str]) -> None:
        """Take over what is told until there is nothing more."""
        for line in lines:
            self._began = float(line)
        self.over.set()

    @property
    def elapsed(self) -> float:
        """Seconds since the load began; below 0 before that is known."""
        return -1.0 if self._began is None else time.monotonic() - self._began

    def until(self, second: float) -> bool:
        """Wait for a second of the load; whether it came before the end."""
        while self.elapsed < second:
            if self.over.wait(_LOOK):
                return False
        return True


def main(source: TextIO, sink: TextIO) -> None:
    """Carry orders out."""
    try:
        doers = prepared(json.loads(source.readline()))
    except CutoverError as error:
        _tell(sink, {"error": str(error), "exit": error.exit_code})
        return
    _tell(sink, {"ready": True})
    watch = Watch()
    with ThreadPoolExecutor(len(doers)) as pool:
        coming = [pool.submit(_done, doer, watch) for doer in doers]
        watch.follow(source)
        accounts = [found.result() for found in coming]
    _tell(sink, {"accounts": [account.to_json() for account in accounts]})


def prepared(order: Mapping[str, Any]) -> Sequence[Doer]:
    """What is to be done, with everything found that it needs."""
    given = dict(order["ordered"])
    given["actions"] = tuple(Action(**action) for action in given["actions"])
    ordered = Disturbances(**{**given, "store": Path(given["store"])})
    return [Doer(Due(Action(**one["action"]), one["at"], one["lasts"]), ordered) for one in order["due"]]


def _done(doer: Doer, watch: Watch) -> Account:
    if watch.until(doer.due.at):
        return doer.run(lambda: watch.elapsed, watch.over)
    action = doer.due.action
    return Account(action.text, action.verb, doer.due.at, doer.due.at, error="the load ended before its moment")


def _tell(sink: TextIO, document: Mapping[str, Any]) -> None:
    try:
        sink.write(json.dumps(document) + "\n")
        sink.flush()
    except BrokenPipeError:
        # Whoever ordered is gone. What had to be undone is.
        sys.exit(1)


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Ended by the end of stdin alone: anything else could leave a process stopped or a flag moved.
        signal.signal(ending, signal.SIG_IGN)
    main(sys.stdin, sys.stdout)
