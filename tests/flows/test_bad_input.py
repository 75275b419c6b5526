"""Bad input gets one clear line, the right exit code, no traceback, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.store.database import open_store
from migrate.presets import write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof

SECRETS = {
    "CUTOVER_JWT_SECRET": "test-jwt-secret-0123456789abcdef0123456789",
    "CUTOVER_INTERNAL_KEY": "test-internal-key-0123456789abcdef0123",
}


def cutover(folder: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the real command line in `folder`."""
    return subprocess.run(
        [*before, sys.executable, "-m", "migrate", *arguments],
        cwd=folder,
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The exit code, exactly one line on stderr that holds the words, and no traceback anywhere."""
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the preset's cutover.yaml."""
    write(tmp_path / "cutover.yaml")
    return tmp_path


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    """A syntax error is one line with file and line, exit 3."""
    (tmp_path / "cutover.yaml").write_text("version: 1\nroutes: [\n  - {id: a\n")
    done = cutover(tmp_path, "check")
    assert done.returncode == 3
    assert "cutover.yaml:" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_broken_yaml_stops_every_process_alike(tmp_path: Path) -> None:
    """A process that needs the table refuses to start with the same one line."""
    (tmp_path / "cutover.yaml").write_text("version: 1\nroutes: [\n")
    for verb in ("gateway", "shadow", "up"):
        assert_one_line(cutover(tmp_path, verb), 3, "cutover.yaml:")


def test_missing_configuration_says_how_to_get_one(tmp_path: Path) -> None:
    """Without cutover.yaml the line says what to run."""
    assert_one_line(cutover(tmp_path, "routes"), 3, "cutover.yaml", "cutover init")


def test_unknown_route_suggests_the_nearest(place: Path) -> None:
    """A mistyped route id is a usage error with a suggestion."""
    done = cutover(place, "promote", "deployments.lst", "--reason", "try")
    assert_one_line(done, 2, "deployments.lst", "deployments.list")


def test_busy_port_names_the_address(place: Path) -> None:
    """A taken address is exit 4 and named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        write(place / "cutover.yaml", values={"gateway.listen": address, "gateway.internal_listen": "127.0.0.1:0"})
        assert_one_line(cutover(place, "gateway"), 4, address)


def test_busy_shadow_port_names_the_service(place: Path) -> None:
    """A taken listener is exit 4, with the service it was for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        write(place / "cutover.yaml", values={"services.data.shadow_listen": address})
        assert_one_line(cutover(place, "shadow"), 4, address, "data")


def test_truncated_har_says_how_much_was_readable(place: Path) -> None:
    """A recording that breaks off is exit 3, and the line says where."""
    entry = {
        "startedDateTime": "2026-11-22T19:12:20.235Z",
        "time": 3,
        "request": {"method": "GET", "url": "http://127.0.0.1:8000/health", "headers": [], "httpVersion": "HTTP/1.1"},
        "response": {"status": 200, "headers": [], "content": {"size": 2, "text": "{}"}, "httpVersion": "HTTP/1.1"},
    }
    whole = json.dumps({"log": {"version": "1.2", "entries": [entry] * 5}})
    (place / "cut.har").write_text(whole[: len(whole) * 3 // 4])
    assert_one_line(cutover(place, "replay", "cut.har"), 3, "cut.har")


def test_missing_recording_is_one_line(place: Path) -> None:
    """A file that is not there is named."""
    done = cutover(place, "replay", "absent.har")
    assert done.returncode in {2, 3}
    assert "absent.har" in done.stderr
    assert "Traceback" not in done.stderr


def test_read_only_directory_is_named(place: Path) -> None:
    """A store that cannot be made is exit 3, and the directory is named."""
    locked = place / "locked"
    locked.mkdir()
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("unshare") is None:
            pytest.skip("root ignores permissions, and there is no unshare to mount a read-only file system")
        before = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs -o ro none {locked} && exec "$@"', "sh")
    else:
        locked.chmod(0o500)
    done = cutover(place, "promote", "auth.me", "--reason", "x", "--store", str(locked / "s" / "c.db"), before=before)
    assert_one_line(done, 3, str(locked))


def test_database_from_a_newer_version_is_left_alone(place: Path) -> None:
    """A newer store is refused with exit 3, and not one byte of it changes."""
    store = place / ".cutover" / "cutover.db"
    open_store(store).close()
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    digest = hashlib.sha256(store.read_bytes()).hexdigest()
    for command in (["routes"], ["promote", "auth.me", "--reason", "x"], ["diffs"], ["history"]):
        assert_one_line(cutover(place, *command), 3, "version 99", "upgrade")
    assert hashlib.sha256(store.read_bytes()).hexdigest() == digest


def test_missing_secret_says_which_variable(place: Path) -> None:
    """The gateway names the environment variables it misses."""
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "gateway"],
        cwd=place,
        env={name: value for name, value in os.environ.items() if name not in SECRETS},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert_one_line(done, 3, "CUTOVER_JWT_SECRET", "CUTOVER_INTERNAL_KEY")
