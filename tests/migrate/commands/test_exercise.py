from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.apps.shadowed import free_port
from tests.migrate.commands.reviewing import Project, project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project whose gateway does not run; tests/flows/test_exercise.py has one that does."""
    made = project(tmp_path, monkeypatch, capsys)
    config = tmp_path / "cutover.yaml"
    config.write_text(
        re.sub(r"internal_listen: \S+", f"internal_listen: 127.0.0.1:{free_port()}", config.read_text())
    )
    return made


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("pools.list",), 4, "start `cutover gateway`"),
        (("pools.lst",), 2, "did you mean pools.list"),
        ((), 2, "Missing argument"),
    ],
)
def test_a_run_that_cannot_begin(made: Project, arguments: tuple[str, ...], code: int, message: str) -> None:
    """One clear line with the right exit code; nothing is stored."""
    before = made.filled.db.execute("SELECT count(*) FROM rollups").fetchone()[0]
    got, out, err = made.cutover("exercise", *arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert made.filled.db.execute("SELECT count(*) FROM rollups").fetchone()[0] == before
