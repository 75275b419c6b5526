from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gateway.core.errors import ConfigError
from gateway.flags.store import FlagStore
from gateway.store import audit, database
from gateway.store.database import VERSION, open_store, secret_key, transaction

VERSION_1 = Path(__file__).with_name("version_1.sql")


def mode(path: Path) -> int:
    """Permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_the_store_is_made_private(tmp_path: Path) -> None:
    """Neither the folder nor any file of the store is open to others, at any moment of its use."""
    path = tmp_path / "new" / "cutover.db"
    with closing(open_store(path)) as connection:
        connection.execute("INSERT INTO meta VALUES ('x', 'y')")
        assert {mode(part) for part in path.parent.iterdir()} == {0o600}
        assert mode(path.parent) == 0o700


def test_a_store_opens_again_with_what_it_holds(tmp_path: Path) -> None:
    """Nothing is made twice."""
    path = tmp_path / "cutover.db"
    with closing(open_store(path)) as connection:
        salt = connection.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()[0]
    with closing(open_store(path, create=False)) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()[0] == salt
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_many_processes_may_make_it_at_once(tmp_path: Path) -> None:
    """Sixteen openings at the same moment give one store."""
    path, salts = tmp_path / "cutover.db", set()
    barrier = threading.Barrier(16)

    def make() -> None:
        barrier.wait()
        with closing(open_store(path)) as connection:
            salts.add(connection.execute("SELECT value FROM meta WHERE key = 'salt'").fetchone()[0])

    threads = [threading.Thread(target=make) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(salts) == 1


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Its bytes stay as they are."""
    path = tmp_path / "cutover.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=f"version {VERSION + 1}, this Cutover knows {VERSION}"):
        open_store(path)
    assert path.read_bytes() == before


def test_an_older_store_is_migrated_and_keeps_what_it_holds(tmp_path: Path) -> None:
    """Flags, audit and salt stay; the new table is there; opening it again changes nothing more."""
    path = tmp_path / "cutover.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text())
    for _ in range(2):
        with closing(open_store(path, create=False)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
            snapshot = FlagStore(connection).snapshot()
            assert (snapshot.revision, snapshot.salt) == (7, "00112233445566778899aabbccddeeff")
            assert (snapshot.flag("users.list").stage, snapshot.flag("users.list").percent) == ("canary", 25.0)
            assert [entry.reason for entry in audit.trail(connection)] == ["first step"]
            assert connection.execute("SELECT count(*) FROM idempotency").fetchone()[0] == 0


def test_a_migrated_store_is_like_a_new_one(tmp_path: Path) -> None:
    """Both hold the same tables and indexes."""

    def schema(path: Path) -> list[tuple[str, str]]:
        with closing(open_store(path)) as connection:
            rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
            return sorted((row["name"], " ".join(row["sql"].split())) for row in rows)

    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        connection.executescript(VERSION_1.read_text())
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")


def test_many_may_migrate_at_once(tmp_path: Path) -> None:
    """Eight processes that open an older store at the same moment migrate it once."""
    path, failures = tmp_path / "cutover.db", []
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text())
    barrier = threading.Barrier(8)

    def migrate() -> None:
        barrier.wait()
        try:
            open_store(path).close()
        except ConfigError as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_an_older_program_refuses_a_migrated_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which version it knows and leaves the file as it is."""
    path = tmp_path / "cutover.db"
    open_store(path).close()
    before = path.read_bytes()
    monkeypatch.setattr(database, "VERSION", 1)
    with pytest.raises(ConfigError, match=f"version {VERSION}, this Cutover knows 1; upgrade Cutover"):
        open_store(path)
    assert path.read_bytes() == before


def test_whoever_has_no_patience_does_not_wait_for_another_writer(tmp_path: Path) -> None:
    """Locked means locked at once for a connection that was opened so."""
    path = tmp_path / "cutover.db"
    with (
        closing(open_store(path)) as holder,
        closing(open_store(path, patience=0.01)) as hasty,
        transaction(holder),
        pytest.raises(sqlite3.OperationalError, match="locked"),
        transaction(hasty),
    ):
        pass


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Cutover puts no table beside somebody else's."""
    path = tmp_path / "browser.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cookies (value)")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="another program's database"):
        open_store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all, only text that is long enough" * 100, b"x"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    """The message names the file and the way out."""
    path = tmp_path / "cutover.db"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"cutover\.db.*choose another --store"):
        open_store(path)
    assert path.read_bytes() == content


def test_reading_makes_no_store(tmp_path: Path) -> None:
    """Where none is, a reading command is told so."""
    with pytest.raises(ConfigError, match="no store here yet"):
        open_store(tmp_path / "none" / "cutover.db", create=False)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", ["file/cutover.db", "file/deeper/cutover.db", "."])
def test_a_place_where_none_can_be_made_is_named(tmp_path: Path, name: str) -> None:
    """A file where a folder is needed, and a folder where the file should be."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="cannot make the store"):
        open_store(tmp_path / name)


def test_a_transaction_happens_whole_or_not_at_all(tmp_path: Path) -> None:
    """An exception takes everything back."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:

        def spoil() -> None:
            with transaction(connection):
                connection.execute("INSERT INTO meta VALUES ('x', 'y')")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            spoil()
        assert not connection.execute("SELECT * FROM meta WHERE key = 'x'").fetchall()
        with transaction(connection):
            connection.execute("INSERT INTO meta VALUES ('x', 'y')")
        assert connection.execute("SELECT * FROM meta WHERE key = 'x'").fetchall()


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    """All who ask get the same 32 bytes, also when they ask at once, and nothing else is left behind."""
    folder, keys = tmp_path / "keys", set()
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        keys.add(secret_key(folder, "mark"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(key) for key in keys] == [32]
    assert [path.name for path in folder.iterdir()] == ["mark.key"]
    assert mode(folder / "mark.key") == 0o600
    assert secret_key(folder, "ticket") not in keys


@pytest.mark.parametrize(
    ("content", "permissions", "reason"),
    [("zz", 0o600, "not a hex key"), ("00" * 31, 0o600, "shorter than 32 bytes"), ("00" * 32, 0o644, "chmod 600")],
)
def test_a_key_file_that_is_not_usable_says_why(tmp_path: Path, content: str, permissions: int, reason: str) -> None:
    """Nothing is overwritten, and the mend is named."""
    path = tmp_path / "mark.key"
    path.write_text(content)
    path.chmod(permissions)
    with pytest.raises(ConfigError, match=reason):
        secret_key(tmp_path, "mark")
    assert path.read_text() == content


def test_a_key_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"mark\.key"):
        secret_key(tmp_path / "file", "mark")
