"""How fast the store takes observations, how fast it tells what a million of them prove, and how large it is."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.config import load_table
from gateway.core.digest import route_digest
from gateway.core.errors import UnreachableError
from gateway.core.observation import Difference, DifferenceKind, Observation, Verdict
from gateway.store.database import open_store
from gateway.store.dialect import gather_in
from gateway.store.observations import append

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.table import RouteTable

MILLION = 1_000_000
WRITE = 2_500
"""Observations of one write: a worker at 5 000 a second writes twice a second."""
_FILL = 25_000
_ROUNDS = 10
_TABLE = Path(__file__).parents[2] / "migrate" / "presets" / "inferia.yaml"
_AT = 1_800_000_000.0
_SUBJECTS, _SHAPES, _PLACES = 300, 4, 3
_PACE = 0.6
"""Seconds between two observations: a million take a week."""
_SHOWN = {"request": {"method": "GET", "headers": [["accept", "application/json"]] * 8}, "body": "x" * 3_000}

# What readiness needs is gathered by `reports`, which stands above this package: so in a process of its own.
_READ = """
import json, sys, time
from pathlib import Path
from gateway.config import load_table
from gateway.store.database import open_store
from reports.evidence import gather
connection, table, seconds = open_store(Path(sys.argv[1])), load_table(Path(sys.argv[2]), {}), []
for _ in range(5):
    started = time.perf_counter()
    evidence = gather(connection, table)
    seconds.append(time.perf_counter() - started)
observed = sum(route.observed.total for route in evidence.routes.values())
print(json.dumps({"seconds": sorted(seconds)[2], "observed": observed}))
"""


def store(directory: Path, total: int = MILLION, timed: int = MILLION // 5) -> dict[str, Any]:
    """Writes `total` observations, the first `timed` as a worker does, then reads what `cutover routes` reads.

    `rate` is observations a second, `summary` seconds, sizes are bytes. Beside it, batch by batch, the same values go
    into one table of a bare SQLite; `rounds` are seconds of some batches of each, `ratio` is our rate over the other.

    Raises:
        UnreachableError: they could not be read.
    """
    path, table = directory / "cutover.db", load_table(_TABLE, {})
    coming = observations(table)
    with closing(open_store(path)) as connection, closing(_bare(directory / "bare.db")) as bare:
        written = _batches(coming, timed, WRITE)
        spent = [(_written(connection, batch), _written_bare(bare, batch)) for batch in written]
        gather_in(connection)
        small = path.stat().st_size
        for batch in _batches(coming, total - timed, _FILL):
            _written(connection, batch)
        gather_in(connection)
    done = subprocess.run(
        [sys.executable, "-c", _READ, path, _TABLE],
        capture_output=True,
        text=True,
        check=False,
        cwd=_TABLE.parents[2],
    )
    if done.returncode:
        raise UnreachableError(f"the store could not be read: {done.stderr.strip()[-400:]}")
    read = json.loads(done.stdout)
    return {
        "rate": timed / sum(ours for ours, _ in spent),
        "bare": timed / sum(theirs for _, theirs in spent),
        "ratio": sum(theirs for _, theirs in spent) / sum(ours for ours, _ in spent),
        "rounds": {name: _rounds([one[at] for one in spent]) for at, name in enumerate(("store", "bare"))},
        "summary": read["seconds"],
        "observed": read["observed"],
        "bytes": path.stat().st_size,
        "timed": timed,
        "timed_bytes": small,
    }


def observations(table: RouteTable) -> Iterator[Observation]:
    """Traffic without end over every exposed route of a table: a tenth differs, in three places of each route."""
    routes = table.select("*")
    digests = {route.id: route_digest(table, route, __version__) for route in routes}
    number = 0
    while True:
        route = routes[number % len(routes)]
        turn = number // len(routes)
        place = Difference("body", f"$[id={number}].member{turn // 10 % _PLACES}", DifferenceKind.CHANGED, "a", "b")
        differs = turn % 10 == 0
        yield Observation(
            id=f"{number:032x}",
            route=route.id,
            at=_AT + number * _PACE,
            verdict=Verdict.MISMATCH if differs else Verdict.MATCH,
            mode="read",
            source="live",
            digest=digests[route.id],
            subject=f"u{turn % _SUBJECTS}",
            shape=f"query:q{turn % _SHAPES}",
            legacy_status=200,
            gateway_status=200,
            legacy_seconds=0.005 + turn % 97 / 1e4,
            gateway_seconds=0.006 + turn % 89 / 1e4,
            differences=(place,) if differs else (),
            legacy=_SHOWN,
            gateway=_SHOWN,
        )
        number += 1


def _batches(coming: Iterator[Observation], count: int, size: int) -> Iterator[list[Observation]]:
    while count > 0:
        yield list(islice(coming, min(size, count)))
        count -= size


def _rounds(seconds: list[float]) -> list[float]:
    """Sums over ten stretches of equal length, fewer when there is less; what remains at the end is left out."""
    count = min(_ROUNDS, len(seconds))
    length = len(seconds) // count
    return [sum(seconds[number * length : (number + 1) * length]) for number in range(count)]


def _bare(path: Path) -> sqlite3.Connection:
    """A database with one table and no index but its key, set as the store sets its own."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE observations (id TEXT PRIMARY KEY, route TEXT, at REAL, verdict TEXT, body TEXT)"
    )
    return connection


def _written_bare(connection: sqlite3.Connection, batch: list[Observation]) -> float:
    started = time.perf_counter()
    rows = [
        (one.id, one.route, one.at, one.verdict, json.dumps([one.legacy, one.gateway], separators=(",", ":")))
        for one in batch
    ]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO observations VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    return time.perf_counter() - started


def _written(connection: Any, batch: list[Observation]) -> float:
    started = time.perf_counter()
    append(connection, batch)
    return time.perf_counter() - started
