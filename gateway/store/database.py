"""Opening the one SQLite file: schema, versions, keys beside it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError
from gateway.store import dialect, roll_up, schema, thinning
from gateway.store.dialect import transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


__all__ = ["VERSION", "open_store", "secret_key", "transaction"]


def _sql(text: str) -> Callable[[sqlite3.Connection], None]:
    def step(connection: sqlite3.Connection) -> None:
        for statement in text.split(";\n"):
            if statement.strip():
                connection.execute(statement)

    return step


def _roll_up(connection: sqlite3.Connection) -> None:
    roll_up.set_aside(connection)
    _sql(schema.ROLLUPS)(connection)
    roll_up.roll_up(connection)


def _thin(connection: sqlite3.Connection) -> None:
    _sql(schema.SERVED)(connection)
    newest = connection.execute("SELECT max(minute) FROM served").fetchone()[0]
    if newest is not None:
        thinning.thin(connection, newest)


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _sql(schema.FIRST),
    _sql(schema.IDEMPOTENCY),
    _sql(schema.NOISE),
    _roll_up,
    _sql(schema.ANSWER_SHAPES),
    _thin,
    _sql(schema.RULES),
)
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
        connection = dialect.connect(path, patience)
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
            start = file.read(len(dialect.MAGIC))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; choose another --store") from None
    if start and start != dialect.MAGIC:
        raise ConfigError(f"{path}: file is not a database; choose another --store (nothing was changed)")


def _prepare(connection: sqlite3.Connection, path: Path, patience: float) -> None:
    version = dialect.version(connection)
    if version > VERSION:
        raise ConfigError(
            f"{path}: the store has version {version}, this Cutover knows {VERSION};"
            " upgrade Cutover (nothing was changed)"
        )
    if version == 0 and dialect.has_tables(connection):
        version = dialect.version(connection)  # another process may be making it now
        if version == 0:
            raise ConfigError(f"{path}: another program's database; choose another --store (nothing was changed)")
    dialect.settle(connection, patience)
    if version == VERSION:
        return
    with transaction(connection):
        version = dialect.version(connection)
        for number, step in list(enumerate(_STEPS, 1))[version:]:
            step(connection)
            dialect.set_version(connection, number)
        if version == 0:
            connection.execute("INSERT INTO meta VALUES ('salt', ?), ('revision', '0')", [secrets.token_hex(16)])


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
