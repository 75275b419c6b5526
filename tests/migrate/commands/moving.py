"""A folder with a small table, in which routes are moved."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from gateway.core.observation import Observation, Verdict
from gateway.flags.store import FlagStore, Process
from gateway.store.database import open_store
from gateway.store.observations import append
from tests.apps.route_tables import GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.flags.flag import Flag


def store_in(folder: Path) -> Path:
    """Where the store stands by default."""
    return folder / ".cutover" / "cutover.db"


def prepared(folder: Path) -> Path:
    """Put table and store into a folder; one person called pools.list."""
    (folder / "cutover.yaml").write_text(GOOD)
    with closing(open_store(store_in(folder))) as connection:
        append(connection, [Observation("1", "pools.list", 1.0, Verdict.MATCH, "read", "live", "old", "u1")])
    return folder


def flag(folder: Path, route: str) -> Flag:
    """How a flag stands."""
    with closing(open_store(store_in(folder))) as connection:
        return FlagStore(connection).snapshot().flag(route)


def pretend(folder: Path, kind: str) -> None:
    """Announce a process on another host that never follows."""
    now = time.time()
    with closing(open_store(store_in(folder))) as connection:
        FlagStore(connection).announce(Process(kind, kind, 1, "elsewhere", "10.0.0.1:1", now, now + 60, 0, now))
