"""A process's live view of the flags: follows the store, announces itself, survives the store's absence."""

from __future__ import annotations

import os
import platform
import sqlite3
import threading
import time
import uuid
from typing import TYPE_CHECKING

from gateway.core.errors import CutoverError
from gateway.flags.store import FlagStore, Process
from gateway.store.database import open_store
from gateway.store.dialect import change_counter

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.flags.flag import FlagSnapshot

POLL = 0.02
"""Seconds between looks at the store's change counter; one look costs about 10 microseconds."""
_HEARTBEAT = 1.0


class FlagWatch:
    """Keeps `snapshot` current from its own thread, so that neither a busy loop nor a slow disk delays the other.

    While the store is away the last snapshot stands and `stale` is True; it recovers by itself.

    Raises:
        ConfigError: the store cannot be opened at the start.
    """

    def __init__(self, path: Path, kind: str, address: str) -> None:
        self._path = path
        now = time.time()
        self._process = Process(uuid.uuid4().hex, kind, os.getpid(), platform.node(), address, now, now, 0, now)
        connection = open_store(path)
        self.snapshot: FlagSnapshot = FlagStore(connection).snapshot()
        connection.close()
        self.stale = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flag-watch", daemon=True)

    def start(self) -> None:
        """Begin to follow the store."""
        self._thread.start()

    def stop(self) -> None:
        """Withdraw this process and end the thread; returns within two seconds."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (sqlite3.Error, CutoverError, OSError):
                self.stale = True
                self._stop.wait(0.5)

    def _follow(self) -> None:
        # Looked at before it is opened: were it replaced in between, the next heartbeat sees another file.
        file = self._path.stat().st_ino
        connection = open_store(self._path, create=False)
        try:
            store = FlagStore(connection)
            version = change_counter(connection)
            self._take(store)
            self._announce(store)
            beat = time.monotonic()
            while not self._stop.wait(POLL):
                seen = change_counter(connection)
                if seen != version:
                    version = seen
                    self._take(store)
                if time.monotonic() - beat > _HEARTBEAT:
                    beat = time.monotonic()
                    if self._path.stat().st_ino != file:
                        return
                    self._announce(store)
            store.withdraw(self._process.id)
        finally:
            connection.close()

    def _take(self, store: FlagStore) -> None:
        snapshot = store.snapshot()
        self.stale = False
        # Compared whole: a store put back from a backup may carry another past under the same number.
        if snapshot != self.snapshot or self._process.revision != snapshot.revision:
            self.snapshot = snapshot
            self._announce(store, applied=True)

    def _announce(self, store: FlagStore, *, applied: bool = False) -> None:
        now = time.time()
        self._process = Process(
            self._process.id,
            self._process.kind,
            self._process.pid,
            self._process.host,
            self._process.address,
            self._process.started,
            now,
            self.snapshot.revision,
            now if applied else self._process.applied,
        )
        store.announce(self._process)
