from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError
from migrate.commands import demo

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    """Somebody's files are not replaced; the line says what to do."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds files that no demo made; give another --folder"):
        demo.demo(folder=tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_project_is_never_replaced(tmp_path: Path) -> None:
    """A folder with a route table and a store is somebody's work, whatever its names remind of."""
    (tmp_path / "cutover.yaml").write_text("platform: mine")
    (tmp_path / ".cutover").mkdir()
    with pytest.raises(ConfigError, match="holds files that no demo made"):
        demo.demo(folder=tmp_path)
    assert (tmp_path / "cutover.yaml").read_text() == "platform: mine"


def test_an_earlier_demo_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a demo left behind is gone when the next one starts, again and again."""
    folder, seen = tmp_path / "demo", []

    def play(folder: Path, *_: object, **__: object) -> None:
        seen.append((folder / "old.html").exists())
        (folder / "old.html").touch()

    monkeypatch.setattr("migrate.demo.run.run", play)
    for _ in range(3):
        demo.demo(folder=folder)
    assert seen == [False, False, False]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way is one line."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="give a writable --folder"):
        demo.demo(folder=tmp_path / "file" / "demo")
