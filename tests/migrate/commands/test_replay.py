from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from migrate.cli import application
from tests.apps.recordings import entry, har, shipped

if TYPE_CHECKING:
    from click.testing import Result

ROOT = Path(__file__).parent.parent.parent.parent
CONFIG = ROOT / "migrate" / "presets" / "inferia.yaml"
KEY = "a-signing-key-of-this-test-0123456789abcdef"


def run(*words: str | Path, **environment: str) -> Result:
    """`cutover replay` with the shipped preset."""
    command = ["replay", *map(str, words), "--config", str(CONFIG)]
    return CliRunner().invoke(application(["replay"]), command, env={"CUTOVER_JWT_SECRET": None, **environment})


def recording(tmp_path: Path, *entries: dict[str, Any]) -> Path:
    """A HAR file with these entries."""
    path = tmp_path / "small.har"
    path.write_bytes(har(*entries))
    return path


HEALTH = {"content-length": "11"}


def test_the_shipped_session_is_accounted_for_in_json() -> None:
    """All 297 exchanges, by route and reason, with buckets that sum to them; exit 0."""
    result = run(shipped("dashboard-session.har"), "--json")
    value = json.loads(result.stdout)
    assert result.exit_code == 0
    assert value["exchanges"] == 297
    assert sum(value["by_route"].values()) + sum(value["not_routed"].values()) == 297
    assert sum(value["buckets"].values()) == 297
    assert value["not_routed"] == {"no route for GET /nope on filtration": 1}


def test_people_get_a_table(tmp_path: Path) -> None:
    """Without --json there are words."""
    result = run(recording(tmp_path, entry("http://localhost:8000/health")))
    assert result.exit_code == 0
    assert "status.filtration" in result.stdout
    assert "1 exchanges: 1 on 1 routes, 0 without a route" in result.stdout


def test_a_recording_of_other_addresses_says_what_to_do(tmp_path: Path) -> None:
    """One line in the text, the same as `hint` in JSON, and beside a closed replay too."""
    path = recording(tmp_path, entry("http://localhost:4711/health"))
    hint = json.loads(run(path, "--json").stdout)["hint"]
    assert "localhost:4711: if that is the platform, give --config" in hint
    result = run(path)
    assert (result.exit_code, result.stdout.splitlines().count(hint)) == (1, 1)
    closed = run(path, "--against", "embedded", CUTOVER_JWT_SECRET=KEY)
    assert (closed.exit_code, closed.stdout.splitlines().count(hint)) == (1, 1)


def test_a_gap_of_the_table_is_exit_one(tmp_path: Path) -> None:
    """A call that legacy answers and no route takes is found."""
    result = run(recording(tmp_path, entry("http://localhost:8000/new/thing")), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["gaps"] == ["no route for GET /new/thing on filtration"]


@pytest.mark.proof
def test_without_a_table_the_shipped_one_is_used(tmp_path: Path) -> None:
    """In an empty directory the preset stands in, and stderr says so."""
    path = recording(tmp_path, entry("http://localhost:8000/health"))
    command = [sys.executable, "-m", "migrate", "replay", str(path), "--json"]
    result = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    assert b"shipped preset inferia" in result.stderr
    assert json.loads(result.stdout)["exchanges"] == 1


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ([], 2, "Missing argument"),
        (["none.har"], 3, "No such file"),
        (["CUT"], 3, "truncated at byte 300"),
        (["GOOD", "--record"], 2, "--record keeps"),
        (["GOOD", "--against", "embedded"], 2, "CUTOVER_JWT_SECRET"),
        (["GOOD", "--against", "embeded"], 2, "neither"),
        (["GOOD", "--against", "http://127.0.0.1:1"], 4, "no gateway answers"),
        (["GOOD", "--against", "embedded", "--jwt-secret", KEY, "--player-listen", "x"], 2, "SERVICE=HOST:PORT"),
    ],
)
def test_bad_input_gives_one_line_and_its_exit_code(tmp_path: Path, words: list[str], code: int, line: str) -> None:
    """Each mistake says what is wrong, without a traceback."""
    good = recording(tmp_path, entry("http://localhost:8000/health"))
    cut = tmp_path / "cut.har"
    cut.write_bytes(good.read_bytes()[:300])
    command = [str({"GOOD": good, "CUT": cut}.get(word, word)) for word in words]
    result = subprocess.run(
        [sys.executable, "-m", "migrate", "replay", *command, "--config", str(CONFIG)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code, result.stderr
    assert line in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_closed_replay_is_recorded_when_asked(tmp_path: Path) -> None:
    """Observations and buckets of a replay are in the store, and the exit code is the verdict."""
    path = recording(tmp_path, entry("http://localhost:8000/health", answered=HEALTH))
    store = tmp_path / "cutover.db"
    words = (path, "--against", "embedded", "--json", "--record", "--store", store)
    result = run(*words, CUTOVER_JWT_SECRET=KEY)
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert value["verdicts"] == {"status.filtration": {"match": 1}}
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT route, source FROM observations").fetchall()
        buckets = connection.execute("SELECT route, bucket, count FROM buckets").fetchall()
    assert rows == [("status.filtration", "replay")]
    assert buckets == [("status.filtration", "compared", 1)]


def test_a_closed_replay_shows_its_verdicts(tmp_path: Path) -> None:
    """Without --json there is a table and a result."""
    path = recording(tmp_path, entry("http://localhost:8000/health", answered=HEALTH))
    result = run(path, "--against", "embedded", "--jwt-secret", KEY)
    assert result.exit_code == 0, result.output
    assert "1 exchanges: 1 compared; no mismatch" in result.stdout
