from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ConfigError
from loadtests.bench.history import FILE, Run, append, newest, place, read


def run(commit: str, machine: str = "m", **found: Any) -> Run:
    """A run of a commit on a machine."""
    return Run(commit, "2026-11-28T10:00:00+00:00", {"id": machine}, found)


def test_runs_are_appended_and_read_in_order(tmp_path: Path) -> None:
    """The directory is made; a line that a crash cut off hides no other."""
    directory = tmp_path / "a" / "b"
    assert read(directory) == ()
    first, second = run("c1", latency={"ratio": 1.5}), run("c2")
    assert append(directory, first) == directory / FILE
    with (directory / FILE).open("a") as file:
        file.write('{"commit": "cut o\n')
    append(directory, second)
    assert read(directory) == (first, second)


def test_the_newest_figures_of_a_commit_are_of_that_machine() -> None:
    """Each part from its own last run; another machine's and another commit's count for nothing."""
    runs = (
        run("c", latency=1, store=1),
        run("c", latency=2),
        run("c", "other", latency=3),
        run("d", latency=4),
        run("c+", latency=5),
    )
    assert newest(runs, "c", "m", ["latency", "store", "diff"]) == {"latency": 2, "store": 1}


def test_the_place_is_outside_the_repository() -> None:
    """The user's state directory; a relative one is ignored, as its specification says."""
    assert place({"XDG_STATE_HOME": "/state"}) == Path("/state/cutover/bench")
    below_home = Path.home() / ".local" / "state" / "cutover" / "bench"
    assert place({}) == below_home
    assert place({"XDG_STATE_HOME": "here"}) == below_home


def test_a_history_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The file and the option that names another place; the same for one that is no text."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--history DIR"):
        append(tmp_path / "file", run("c"))
    (tmp_path / FILE).write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ConfigError, match=FILE):
        read(tmp_path)
