from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.store.audit import trail
from migrate.commands.options import login_name
from tests.migrate.commands.reviewing import SIGNATURE, Project, project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project with one open difference."""
    return project(tmp_path, monkeypatch, capsys)


@pytest.mark.proof
def test_accepting_closes_a_signature(made: Project) -> None:
    """Accepted, the earlier difference is explained, and the line says what was accepted."""
    assert made.cutover("report", "diffs")[0] == 1
    code, out, _ = made.cutover("accept", SIGNATURE[:6], "--reason", "agreed")
    assert code == 0
    shown, _, line = out.rstrip("\n").rpartition("\n")
    assert line == f"accepted {SIGNATURE}: pools.list body $[*].name changed, seen 1 time"
    assert "hides it in 1 observation of the newest route digest" in shown
    assert "1 of them count as expected then, 1 pair for parity; 0 stay a mismatch" in shown
    assert made.cutover("report", "diffs")[0] == 0
    entry = trail(made.filled.db)[0]
    assert entry.by == login_name()
    assert (entry.detail["digest"], entry.detail["revision"], entry.detail["pairs"]) == (made.digest, 0, 1)


@pytest.mark.proof
def test_a_preview_decides_nothing(made: Project) -> None:
    """It says what would be hidden, in words and as JSON, and the signature stays open."""
    code, out, _ = made.cutover("accept", SIGNATURE, "--reason", "agreed", "--preview")
    assert code == 0
    assert "1 of text → text, such as old → new" in out
    assert "Nothing was decided" in out
    document = json.loads(made.cutover("accept", SIGNATURE, "--reason", "agreed", "--preview", "--json")[1])
    assert (document["decided"], document["preview"]["agreeing"], document["preview"]["pairs"]) == (False, 1, 1)
    assert made.cutover("report", "diffs")[0] == 1
    assert trail(made.filled.db) == []


def test_a_decision_as_json(made: Project) -> None:
    """Action, signature, rule and the decision it replaced."""
    made.cutover("accept", SIGNATURE, "--reason", "first", "--by", "ann")
    code, out, _ = made.cutover("accept", SIGNATURE, "--reason", "second", "--expires", "2130-01-31", "--json")
    document = json.loads(out)
    assert code == 0
    assert (document["action"], document["route"], document["rule"]["reason"]) == ("accept", "pools.list", "second")
    assert (document["before"]["owner"], document["rule"]["expires"]) == ("ann", 5051808000.0)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("zzz", "--reason", "x"), 2, "no signature 'zzz'"),
        ((SIGNATURE, "--reason", " "), 2, "--reason"),
        ((SIGNATURE, "--reason", "x", "--expires", "soon"), 2, "--expires soon"),
        ((SIGNATURE,), 2, "--reason"),
        ((SIGNATURE, "--reason", "x", "--store", "nowhere.db"), 3, "no store here yet"),
    ],
)
def test_a_wrong_call(made: Project, arguments: tuple[str, ...], code: int, message: str) -> None:
    """One clear line, the right exit code, nothing decided."""
    got, out, err = made.cutover("accept", *arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert trail(made.filled.db) == []
