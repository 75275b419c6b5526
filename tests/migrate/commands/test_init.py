from __future__ import annotations

from typing import TYPE_CHECKING

from migrate import presets
from tests.apps.command_line import cutover

if TYPE_CHECKING:
    from pathlib import Path


def test_a_table_is_written_and_good(tmp_path: Path) -> None:
    """The next commands are named, and the first of them succeeds."""
    done = cutover(tmp_path, "init")
    assert done.code == 0
    assert "cutover check" in done.out
    assert (tmp_path / "cutover.yaml").read_text() == presets.preset_text("inferia")
    assert cutover(tmp_path, "check").code == 0


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """Exit code 1, in one line."""
    (tmp_path / "mine.yaml").write_text("mine")
    done = cutover(tmp_path, "init", "mine.yaml")
    assert done.code == 1
    assert "left alone" in done.err
    assert (tmp_path / "mine.yaml").read_text() == "mine"


def test_force_replaces_and_keeps(tmp_path: Path) -> None:
    """The old file stands beside the new one; without an old one nothing is kept."""
    (tmp_path / "cutover.yaml").write_text("mine")
    done = cutover(tmp_path, "init", "--force", "--preset", "inferia")
    assert "kept the old file as cutover.yaml.bak" in done.out
    assert (tmp_path / "cutover.yaml.bak").read_text() == "mine"
    assert "kept" not in cutover(tmp_path, "init", "--force", "new.yaml").out


def test_an_unknown_preset_touches_nothing(tmp_path: Path) -> None:
    """Exit code 2, with the nearest name, before any file is moved."""
    (tmp_path / "cutover.yaml").write_text("mine")
    done = cutover(tmp_path, "init", "--force", "--preset", "infera")
    assert (done.code, done.err) == (2, "cutover: no preset 'infera'; did you mean inferia?\n")
    assert [path.name for path in tmp_path.iterdir()] == ["cutover.yaml"]
