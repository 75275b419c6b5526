from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError
from gateway.store.audit import Result, put_result, results
from gateway.store.database import open_store
from loadtests.results import stored
from migrate.cli import main
from migrate.commands.loadtest_stored import keep, write_files
from tests.loadtests.test_results import KNEE, RESULT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Command = Callable[..., tuple[int, str, str]]

LATER = replace(KNEE, id="load-2", started=RESULT.started + 60, reasons=("too slow",))


@pytest.fixture
def cutover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `cutover loadtest …` on a store with two results, the later one failed."""
    monkeypatch.setenv("CUTOVER_STORE", str(tmp_path / "cutover.db"))
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        for result in (RESULT, LATER):
            put_result(connection, stored(result))
        put_result(connection, Result("probe-1", "probe", 1.0, passed=True, body={}))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cutover", "loadtest", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return run


REFUSES = "CREATE TRIGGER full BEFORE INSERT ON results BEGIN SELECT RAISE(ABORT, 'disk full'); END"


def test_a_result_that_the_store_does_not_take_is_told(tmp_path: Path) -> None:
    """In words, so that a run of an hour is shown and written before it fails for that."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        assert keep(connection, RESULT) == ""
        connection.execute(REFUSES)
        assert "not in the store (disk full)" in keep(connection, LATER)
        assert [row.id for row in results(connection)] == [RESULT.id]


def test_results_are_listed_newest_first(cutover: Command) -> None:
    """With load, answers and verdict; results of other kinds are not among them."""
    code, out, _ = cutover("list")
    lines = out.splitlines()
    assert (code, len(lines)) == (0, 3)
    assert lines[1].startswith("load-2 ")
    assert "3 users, knee" in lines[1]
    assert lines[1].endswith("failed")
    assert lines[2].endswith("passed")
    assert len(cutover("list", "--limit", "1")[1].splitlines()) == 2


def test_the_list_is_json_too(cutover: Command) -> None:
    """Without histograms."""
    rows = json.loads(cutover("list", "--json")[1])
    assert [(row["id"], row["shape"], row["passed"]) for row in rows] == [
        ("load-2", "knee", False),
        ("load-1", "steady", True),
    ]
    assert rows[0]["reasons"] == ["too slow"]


def test_a_result_is_shown_as_it_was(cutover: Command, tmp_path: Path) -> None:
    """The latest, or the one that is named; its verdict is the exit code; files are written anew."""
    code, out, _ = cutover("show")
    assert (code, "failed: load-2" in out, "too slow" in out) == (1, True, True)
    code, out, _ = cutover("show", "load-1", "--html", str(tmp_path / "a.html"), "--junit", str(tmp_path / "a.xml"))
    assert (code, "passed: load-1" in out) == (0, True)
    assert "gateway over legacy in 5 pairs" in out
    assert "Load test load-1" in (tmp_path / "a.html").read_text()
    assert "<testsuites" in (tmp_path / "a.xml").read_text()
    code, out, _ = cutover("show", "load-1", "--json")
    assert (code, json.loads(out)) == (0, json.loads(json.dumps(RESULT.to_json())))


@pytest.mark.parametrize(("run", "words"), [("load-9", "is no load test"), ("load", "begins 2 of them")])
def test_an_unknown_result_is_a_usage_error(cutover: Command, run: str, words: str) -> None:
    """With the command that lists them."""
    code, _, err = cutover("show", run)
    assert (code, words in err, "loadtest list" in err) == (2, True, True)


def test_before_anything_ran_there_is_nothing(cutover: Command, tmp_path: Path) -> None:
    """No error for the list, a hint for both; no store is made."""
    none = str(tmp_path / "none.db")
    code, out, _ = cutover("list", "--store", none)
    assert (code, "cutover loadtest run" in out) == (0, True)
    code, _, err = cutover("show", "--store", none)
    assert (code, "cutover loadtest run" in err) == (2, True)


def test_a_result_of_another_version_is_told(cutover: Command, tmp_path: Path) -> None:
    """It can be seen as JSON."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        put_result(connection, Result("load-3", "loadtest", RESULT.started + 99, passed=True, body={"users": 3}))
    code, _, err = cutover("show", "load-3")
    assert (code, "--json shows it" in err) == (3, True)
    assert cutover("show", "load-3", "--json")[0] == 0


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The result is not lost."""
    with pytest.raises(ConfigError, match="in the store as load-1"):
        write_files(RESULT, html=tmp_path / "no" / "page.html")
