"""Opening the one SQLite file: schema, versions, keys beside it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = b"SQLite format 3\0"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE flags (
  route TEXT PRIMARY KEY, stage TEXT NOT NULL, percent REAL NOT NULL, named TEXT NOT NULL,
  left_shadow INTEGER NOT NULL, revision INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, sunset TEXT NOT NULL, forced INTEGER NOT NULL);
CREATE TABLE flag_history (
  revision INTEGER NOT NULL, route TEXT NOT NULL, stage TEXT NOT NULL, percent REAL NOT NULL,
  named TEXT NOT NULL, left_shadow INTEGER NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
  reason TEXT NOT NULL, sunset TEXT NOT NULL, forced INTEGER NOT NULL, before TEXT NOT NULL,
  PRIMARY KEY (revision, route));
CREATE TABLE processes (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, address TEXT NOT NULL,
  started REAL NOT NULL, seen REAL NOT NULL, revision INTEGER NOT NULL, applied REAL NOT NULL);
CREATE TABLE observations (
  id TEXT PRIMARY KEY, route TEXT NOT NULL, at REAL NOT NULL, verdict TEXT NOT NULL, mode TEXT NOT NULL,
  source TEXT NOT NULL, digest TEXT NOT NULL, subject TEXT NOT NULL, shape TEXT NOT NULL,
  legacy_status INTEGER NOT NULL, gateway_status INTEGER NOT NULL, legacy_seconds REAL NOT NULL,
  gateway_seconds REAL NOT NULL, refused INTEGER NOT NULL, differences TEXT NOT NULL, legacy TEXT NOT NULL,
  gateway TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX observations_by_route ON observations (route, at);
CREATE TABLE signatures (
  signature TEXT PRIMARY KEY, route TEXT NOT NULL, location TEXT NOT NULL, pattern TEXT NOT NULL,
  kind TEXT NOT NULL, count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  sample TEXT NOT NULL, by TEXT NOT NULL);
CREATE INDEX signatures_by_route ON signatures (route);
CREATE TABLE rules (
  signature TEXT PRIMARY KEY, decision TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL,
  created REAL NOT NULL, expires REAL);
CREATE TABLE buckets (
  source TEXT NOT NULL, route TEXT NOT NULL, bucket TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (source, route, bucket, reason));
CREATE TABLE policy_shadow (
  route TEXT NOT NULL, subject TEXT NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL,
  count INTEGER NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
  PRIMARY KEY (route, subject, status, reason));
CREATE TABLE served (
  route TEXT NOT NULL, side TEXT NOT NULL, minute INTEGER NOT NULL, requests INTEGER NOT NULL,
  errors INTEGER NOT NULL, fallbacks INTEGER NOT NULL, seconds REAL NOT NULL,
  PRIMARY KEY (route, side, minute));
CREATE TABLE results (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL, passed INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY, at REAL NOT NULL, by TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  reason TEXT NOT NULL, detail TEXT NOT NULL);
"""

_SINCE_2 = """
CREATE TABLE idempotency (
  slot TEXT PRIMARY KEY, owner TEXT NOT NULL, state TEXT NOT NULL, head TEXT NOT NULL, body TEXT NOT NULL,
  holder TEXT NOT NULL, answer BLOB NOT NULL, leased REAL NOT NULL, expires REAL NOT NULL);
CREATE INDEX idempotency_by_expiry ON idempotency (expires);
"""
_SINCE_3 = """
CREATE TABLE noise (
  route TEXT NOT NULL, digest TEXT NOT NULL, location TEXT NOT NULL, pattern TEXT NOT NULL, kind TEXT NOT NULL,
  legacy INTEGER NOT NULL, gateway INTEGER NOT NULL, both INTEGER NOT NULL, barred INTEGER NOT NULL, at REAL NOT NULL,
  PRIMARY KEY (route, digest, location, pattern, kind));
"""
_ANSWER_SHAPES = """
CREATE TABLE answer_shapes (
  route TEXT NOT NULL, status INTEGER NOT NULL, shape TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (route, status));
"""
_STEPS = (_SCHEMA, _SINCE_2, _SINCE_3, _ANSWER_SHAPES)
"""Step n turns a store of version n into one of version n + 1."""
VERSION = len(_STEPS)


def open_store(path: Path, *, create: bool = True, patience: float = 10.0) -> sqlite3.Connection:
    """A connection to the store in WAL mode, made and migrated when needed; safe beside other processes.

    Autocommit is on: use `transaction` for more than one statement. `patience` is how many seconds to wait for
    another process's write.

    Raises:
        ConfigError: the directory cannot be written, the file is no store, or it is from a newer version.
    """
    if create:
        _make_file(path)
    elif not path.exists():
        raise ConfigError(f"{path}: no store here yet; start `cutover up` or give --store")
    _require_database(path)
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        _prepare(connection, path, patience)
    except sqlite3.DatabaseError as error:
        if connection:
            connection.close()
        raise ConfigError(
            f"{path}: {error}; it must be a writable Cutover store, or choose another --store"
        ) from None
    except BaseException:
        if connection:
            connection.close()
        raise
    return connection


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Private before SQLite opens it: the files that SQLite puts beside it take over the mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(f"{path}: cannot make the store: {error.strerror}; choose another --store") from None


def _require_database(path: Path) -> None:
    # SQLite takes a file of a few bytes for an empty database and would write over it.
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; choose another --store") from None
    if start and start != _MAGIC:
        raise ConfigError(f"{path}: file is not a database; choose another --store (nothing was changed)")


def _prepare(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise ConfigError(
            f"{path}: the store has version {version}, this Cutover knows {VERSION};"
            " upgrade Cutover (nothing was changed)"
        )
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may be making it now
        if version == 0:
            raise ConfigError(f"{path}: another program's database; choose another --store (nothing was changed)")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    if version == VERSION:
        return
    with transaction(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, step in list(enumerate(_STEPS, 1))[version:]:
            for statement in step.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        if version == 0:
            connection.execute("INSERT INTO meta VALUES ('salt', ?), ('revision', '0')", [secrets.token_hex(16)])


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside happens at once or not at all; takes the write lock first."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def secret_key(directory: Path, name: str) -> bytes:
    """The 32-byte key in `directory/name.key`, made with mode 0600 when absent.

    Names in use: `fingerprint` (redaction, subjects), `mark` (copies), `ticket` (WebSocket tickets), `answers`
    (what is kept of idempotent writes).

    Raises:
        ConfigError: the file is too short, readable by others, or cannot be made.
    """
    path = directory / f"{name}.key"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_key(path)
        key = bytes.fromhex(path.read_text().strip())
        mode = path.stat().st_mode & 0o077
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; the key file must be writable by this user") from None
    except ValueError:
        raise ConfigError(f"{path}: not a hex key; move the file away and a new key is made") from None
    if mode:
        raise ConfigError(f"{path}: readable by others; run: chmod 600 {path}")
    if len(key) < 32:  # noqa: PLR2004 - HMAC-SHA-256 wants a key as long as its output (RFC 2104 §3)
        raise ConfigError(f"{path}: shorter than 32 bytes; move the file away and a new key is made")
    return key


def _make_key(path: Path) -> None:
    if path.exists():
        return
    draft = path.with_suffix(f".{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
