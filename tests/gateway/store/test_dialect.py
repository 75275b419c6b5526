from __future__ import annotations

import ast
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store import dialect

ROOT = Path(__file__).parents[3]
SQLITE_ONLY = re.compile(
    r"\b(?:PRAGMA|INSERT OR|REPLACE INTO|json_each|json_extract|sqlite_\w+|GLOB|BEGIN IMMEDIATE|rowid|AUTOINCREMENT"
    r"|VACUUM|ifnull|strftime|printf|TEMP TABLE|ATTACH)\b|->>|\bm(?:ax|in)\([\w.]+, "
)
STATEMENT = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|BEGIN|WHERE|ON CONFLICT)\b")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in ("gateway", "shadow", "reports", "migrate", "loadtests")
    for path in (ROOT / package).rglob("*.py")
    # A benchmark's peer of the store is SQLite itself.
    if path not in {ROOT / "gateway/store/dialect.py", ROOT / "loadtests/bench/store.py"}
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_the_dialect_says_what_sqlite_alone_understands(module: Path) -> None:
    """No statement elsewhere uses a construct that PostgreSQL does not have."""
    texts = [
        node.value for node in ast.walk(ast.parse((ROOT / module).read_text())) if isinstance(node, ast.Constant)
    ]
    statements = [text for text in texts if isinstance(text, str) and STATEMENT.search(text)]
    assert not [text for text in statements if SQLITE_ONLY.search(text)]
    source = (ROOT / module).read_text()
    assert "create_function" not in source
    assert "LIMIT -1" not in source


def test_a_version_is_said_and_kept(tmp_path: Path) -> None:
    """A new file has version 0 and nothing in it; what is said is there for the next connection."""
    path = tmp_path / "c.db"
    with closing(dialect.connect(path, 1)) as connection:
        assert (dialect.version(connection), dialect.has_tables(connection)) == (0, False)
        dialect.settle(connection, 1)
        dialect.set_version(connection, 7)
        connection.execute("CREATE TABLE t (x)")
    with closing(dialect.connect(path, 1)) as connection:
        assert (dialect.version(connection), dialect.has_tables(connection)) == (7, True)
        assert path.read_bytes().startswith(dialect.MAGIC)


def test_a_change_of_another_connection_shows(tmp_path: Path) -> None:
    """The counter moves for others' commits and for nothing else."""
    with closing(dialect.connect(tmp_path / "c.db", 1)) as one, closing(dialect.connect(tmp_path / "c.db", 1)) as two:
        dialect.settle(one, 1)
        before = dialect.change_counter(one)
        assert dialect.change_counter(one) == before
        two.execute("CREATE TABLE t (x)")
        assert dialect.change_counter(one) != before


def test_the_write_lock_is_held_from_the_beginning(tmp_path: Path) -> None:
    """A second writer waits no longer than its patience."""
    with (
        closing(dialect.connect(tmp_path / "c.db", 1)) as one,
        closing(dialect.connect(tmp_path / "c.db", 0.01)) as two,
    ):
        dialect.settle(one, 1)
        dialect.begin(one)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            dialect.begin(two)
        one.execute("ROLLBACK")
        dialect.begin(two)
        two.execute("ROLLBACK")


def test_all_of_a_store_comes_into_one_file(tmp_path: Path) -> None:
    """Nothing waits in the log any more."""
    path = tmp_path / "c.db"
    with closing(dialect.connect(path, 1)) as connection:
        dialect.settle(connection, 1)
        connection.execute("CREATE TABLE t (x)")
        dialect.gather_in(connection)
        assert path.with_name("c.db-wal").stat().st_size == 0
        assert path.stat().st_size > 0


def test_a_transaction_happens_whole_or_not_at_all(tmp_path: Path) -> None:
    """An exception takes everything back."""

    def spoil(connection: sqlite3.Connection) -> None:
        with dialect.transaction(connection):
            connection.execute("INSERT INTO t VALUES (1)")
            raise LookupError

    with closing(dialect.connect(tmp_path / "c.db", 1)) as connection:
        connection.execute("CREATE TABLE t (x)")
        with pytest.raises(LookupError):
            spoil(connection)
        assert connection.execute("SELECT count(*) FROM t").fetchone()[0] == 0


def test_who_is_refused_the_log_without_being_let_wait_tries_again(tmp_path: Path) -> None:
    """SQLite refuses some of many openings of a new store at once, whatever they are ready to wait."""
    path = tmp_path / "new.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as first,
        closing(dialect.connect(path, 0)) as second,
    ):
        first.execute("BEGIN EXCLUSIVE")
        end = threading.Timer(0.2, first.execute, ["COMMIT"])
        end.start()
        dialect.settle(second, 5)
        end.join()
        assert second.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_lock_that_stays_is_told_when_patience_ends(tmp_path: Path) -> None:
    """Nobody waits for ever."""
    path = tmp_path / "new.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as first,
        closing(dialect.connect(path, 0)) as second,
    ):
        first.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            dialect.settle(second, 0.05)
