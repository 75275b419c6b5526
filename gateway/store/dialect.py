"""What only SQLite says so: opening, version, write lock. All other SQL is written for PostgreSQL too."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAGIC = b"SQLite format 3\0"
"""How a file of SQLite begins."""
_MOMENT = 0.01
"""Seconds after which what was refused is tried again."""


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """A connection in autocommit whose rows know their columns; waits `patience` seconds for another writer."""
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def settle(connection: sqlite3.Connection, patience: float) -> None:
    """Write-ahead log, so that readers never wait; a commit outlives the death of its process."""
    until = time.monotonic() + patience
    while not _keeps_a_log(connection):
        # Of several that turn to it at once all but one are refused at once, lest they wait for each other.
        if time.monotonic() > until:
            raise sqlite3.OperationalError("database is locked")
        time.sleep(_MOMENT)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


def _keeps_a_log(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def version(connection: sqlite3.Connection) -> int:
    """The version of the schema; 0 before there is one."""
    number: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return number


def set_version(connection: sqlite3.Connection, number: int) -> None:
    """Say which version of the schema this is."""
    connection.execute(f"PRAGMA user_version = {number}")


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether anything is there at all."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


def begin(connection: sqlite3.Connection) -> None:
    """Start a transaction that holds the write lock from its first moment, so that what it reads stays true."""
    connection.execute("BEGIN IMMEDIATE")


def change_counter(connection: sqlite3.Connection) -> int:
    """A number that differs once another connection has changed the store."""
    counter: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return counter


def gather_in(connection: sqlite3.Connection) -> None:
    """Bring what waits in the log into the one file, whose size is then the store's."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside happens at once or not at all; takes the write lock first."""
    begin(connection)
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
