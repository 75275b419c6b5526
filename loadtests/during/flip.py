"""Flags moved back and forth under load: each move recorded, each flag put back as it was."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError, CutoverError, RefusedError
from gateway.core.routes import Stage
from gateway.flags.store import FlagStore
from gateway.store.audit import AuditEntry, record
from gateway.store.database import open_store, transaction

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from gateway.flags.flag import Flag

EVERY = 0.5
"""Seconds between two moves."""
PATIENCE = 20.0
"""Seconds for which flags are tried to be put back while the store is away or locked."""
SERVED = (Stage.CANARY, Stage.GATEWAY)
"""Stages from which a route may be taken back at any time, and put back since it stood there."""


class Flip:
    """The routes that a pattern names and that the gateway serves now; their flags as they are.

    Raises:
        ConfigError: the store cannot be opened.
        RefusedError: no such route is served by the gateway.
    """

    def __init__(self, store: Path, pattern: str, by: str) -> None:
        self._store, self._pattern, self._by = store, pattern, by
        self._reason = f"load test: flip {pattern}"
        self._before = self._served()
        self._written: dict[str, int] = {}

    def run(self, seconds: float, over: threading.Event, note: Callable[[str], None]) -> None:
        """Take the routes back to shadow and put them back, again and again; at the end they stand as they stood.

        Raises:
            RefusedError: somebody else moved one of them meanwhile; that one stays as it was put, the others go back.
        """
        # Until its moment anybody may move them.
        self._before = self._served()
        end, moves = time.monotonic() + seconds, 0
        try:
            while True:
                self._move(lambda flag: replace(flag, stage=Stage.SHADOW))
                moves += 1
                if over.wait(EVERY):
                    break
                self._move(lambda flag: flag)
                moves += 1
                if time.monotonic() + EVERY > end or over.wait(EVERY):
                    break
        finally:
            left = self._put_back()
            note(f"{len(self._before)} routes moved {moves} times, {len(self._before) - len(left)} put back")
        if left:
            raise RefusedError(f"moved by somebody else meanwhile, and left as they are now: {', '.join(left)}")

    def _served(self) -> dict[str, Flag]:
        with closing(open_store(self._store, create=False)) as connection:
            flags = FlagStore(connection).snapshot().flags.values()
        found = {
            flag.route: flag for flag in flags if flag.stage in SERVED and fnmatchcase(flag.route, self._pattern)
        }
        if not found:
            raise RefusedError(f"{self._reason}: no route of that name is in canary or gateway; promote one first")
        return found

    def _move(self, to: Callable[[Flag], Flag]) -> None:
        with closing(open_store(self._store, create=False)) as connection:
            flags = FlagStore(connection)
            expected = flags.snapshot()
            if any(self._strange(route, expected.flag(route)) for route in self._before):
                raise RefusedError("a route was moved by somebody else meanwhile")
            after = [replace(to(flag), by=self._by, reason=self._reason) for flag in self._before.values()]
            made = flags.change(after, expected=expected)
            self._written = {route: made.flag(route).revision for route in self._before}
            with transaction(connection):
                for flag in after:
                    now, was = made.flag(flag.route), expected.flag(flag.route)
                    detail = {"before": asdict(was), "after": asdict(now)}
                    record(connection, AuditEntry(now.at, self._by, "flip", flag.route, self._reason, detail))

    def _put_back(self) -> list[str]:
        """Put back what is as we left it, whatever stands in the way for a while; the routes that are not."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._put_back_once()
            except (sqlite3.Error, OSError, CutoverError) as error:
                if time.monotonic() > deadline:
                    routes = " ".join(self._before)
                    raise ConfigError(f"not put back: {error}; look at `cutover history`, promote {routes}") from None
                time.sleep(EVERY / 10)

    def _put_back_once(self) -> list[str]:
        with closing(open_store(self._store, create=False)) as connection:
            now = FlagStore(connection).snapshot()
        left = [route for route in self._before if self._strange(route, now.flag(route))]
        self._before = {route: flag for route, flag in self._before.items() if route not in left}
        if any(now.flag(route).stage is not flag.stage for route, flag in self._before.items()):
            self._move(lambda flag: flag)
        return left

    def _strange(self, route: str, now: Flag) -> bool:
        return now.revision != self._written.get(route, self._before[route].revision)
