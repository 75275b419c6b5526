"""How often each route was called: in the store, as shadow and gateway counted it, or in a recording."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import UsageError
from gateway.store.counts import buckets, served
from loadtests.workload import DECLARED, OBSERVED
from shadow.recording.read import read_recording
from shadow.replay import place_all

if TYPE_CHECKING:
    import sqlite3

    from gateway.core.table import RouteTable


def observed_mix(choice: str, connection: sqlite3.Connection, table: RouteTable) -> dict[str, float]:
    """The counts by route that `--mix` asks for: none for `declared`, else of the store or of a recording.

    Raises:
        UsageError: nothing was observed.
        ConfigError: the recording cannot be read.
    """
    if choice == DECLARED:
        return {}
    counts = stored(connection) if choice == OBSERVED else recorded(_file(choice), table)
    if not counts:
        where = (
            "the store; let the shadow or the gateway see traffic first"
            if choice == OBSERVED
            else "it; calls are known by the `legacy` addresses of the services, so it has to be of these"
        )
        raise UsageError(f"--mix {choice}: no call of a route is in {where}")
    return {route: float(count) for route, count in counts.items()}


def stored(connection: sqlite3.Connection) -> Counter[str]:
    """What the shadow saw of each route, whatever became of the copy; without any, what the gateway served."""
    seen: Counter[str] = Counter()
    for (route, _, _), count in buckets(connection).items():
        seen[route] += count
    del seen[""]
    if seen:
        return seen
    for entry in served(connection):
        seen[entry.route] += entry.requests
    return seen


def recorded(path: Path, table: RouteTable) -> Counter[str]:
    """The calls of a HAR or mitmproxy recording; preflights are the browser's own, so they are not counted."""
    placed = place_all(read_recording(path).entries, table)
    return Counter(one.matched.route.id for one in placed if one.matched and not one.exchange.request.is_preflight)


def _file(choice: str) -> Path:
    path = Path(choice)
    if not path.is_file():
        raise UsageError(f"--mix {choice}: write {DECLARED}, {OBSERVED}, or a recording (.har or .flow) that exists")
    return path
