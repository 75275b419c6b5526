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


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way is one line."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="give a writable --folder"):
        demo.demo(folder=tmp_path / "file" / "demo")
