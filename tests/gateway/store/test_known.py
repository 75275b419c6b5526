from __future__ import annotations

import sqlite3
from contextlib import closing

from gateway.store.known import known_of, rows_of


def test_many_keys_are_asked_for_in_several_statements() -> None:
    """More than one statement takes; parameters before them are repeated."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (k TEXT, v TEXT)")
        connection.executemany(
            "INSERT INTO t VALUES (?, ?)", [[str(n), "even" if n % 2 == 0 else "odd"] for n in range(1300)]
        )
        keys = [str(n) for n in range(2600)]
        query = "SELECT k, v FROM t WHERE v = ? AND k IN ({})"
        assert known_of(connection, query, keys, ["odd"]) == {str(n) for n in range(1, 1300, 2)}
        assert list(rows_of(connection, query, [], ["odd"])) == []
