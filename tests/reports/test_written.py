from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError
from reports.written import write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The file ends in a line feed, an older one is replaced, and no draft stays."""
    path = tmp_path / "r.html"
    write(path, "one")
    write(path, "twö\n")
    assert path.read_bytes() == "twö\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["missing/r.html", "file/r.html", "."])
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    """A missing folder, a file in place of a folder, or a folder in place of a file is one clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / name, "text")


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """What is no plain file, such as a terminal or a pipe, is not replaced."""
    target = tmp_path / "real"
    target.write_text("")
    link = tmp_path / "link"
    link.symlink_to("/dev/null")
    write(link, "text")
    assert link.is_symlink()
