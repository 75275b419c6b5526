from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.flags.store import FlagStore
from gateway.store import audit, counts, observations
from gateway.store.browse import browse
from gateway.store.database import VERSION, open_store
from reports import aggregate
from reports.explained import Explanations

VERSION_2 = Path(__file__).with_name("version_2.sql")


def test_a_store_that_kept_everything_is_counted(tmp_path: Path) -> None:
    """The evidence is what it was: verdicts, pairs, coverage, signatures, samples; rules, flags and trail stay."""
    path = tmp_path / "c.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_2.read_text())
    for _ in range(2):
        with closing(open_store(path, create=False)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
            rules = observations.rules(connection)
            judged = aggregate.counted(connection, {"pools.list": "d1"}, Explanations(rules, (), 1_800_000_000.0))
            route = judged["pools.list"]
            assert route.observed == {
                "match": 4, "mismatch": 2, "expected": 1, "failed": 1, "inconclusive": 1,
            }  # fmt: skip
            # The first minute's subject met two matches and a mismatch: one pair, a mismatch.
            assert route.pairs == {
                "match": 2, "mismatch": 2, "expected": 1, "failed": 1, "inconclusive": 1,
            }  # fmt: skip
            assert (route.stale, route.subjects, len(route.seen), len(route.proven)) == (1, 7, 3, 2)
            assert {item.count for item in observations.signatures(connection)} == {5, 1}
            assert len(list(browse(connection))) == 10
            assert {one.revision for one in browse(connection)} == {0}
            assert FlagStore(connection).snapshot().flag("pools.list").stage == "shadow"
            assert counts.buckets(connection) == {("pools.list", "compared", ""): 10}
            assert [entry.action for entry in audit.trail(connection)] == ["tolerate"]
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            assert not names & {"observations_before", "signatures"}
