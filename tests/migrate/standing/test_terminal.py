from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from migrate.standing.terminal import printing, width

ROOT = Path(__file__).parents[3]


def table() -> Table:
    """A table whose last column is wide and mostly empty."""
    made = Table("name", "remark", box=None)
    made.add_row("a", "x" * 60)
    made.add_row("b", "")
    return made


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def test_columns_come_first_and_120_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS when it is a number, else 120 where no terminal is; a width that nothing fits into is not taken."""
    assert width() == 120
    for text, columns in (("90", 90), ("200", 200), ("wide", 120), ("3", 40)):
        monkeypatch.setenv("COLUMNS", text)
        assert width() == columns


def test_a_terminal_has_its_own_width() -> None:
    """As the terminal says when nobody says otherwise."""
    master, slave = pty.openpty()
    try:
        program = (
            "import os, fcntl, struct, termios; from migrate.standing.terminal import width;"
            " fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('4H', 24, 77, 0, 0)); print(width())"
        )
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", program], stdout=slave, env=environment, timeout=30, check=True)
        assert os.read(master, 100).split() == [b"77"]
    finally:
        os.close(master)
        os.close(slave)


def test_no_line_ends_in_blanks_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Cells are padded on a terminal only; what stands in the lines stays."""
    with printing() as console:
        console.print(table())
        console.print("done")
    lines = capsys.readouterr().out.split("\n")
    assert lines[-2:] == ["done", ""]
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[2].split() == ["b"]


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is held back there."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    with printing() as console:
        console.print("[bold]now[/]")
        assert "now" in capsys.readouterr().out


def test_what_went_wrong_is_not_swallowed(capsys: pytest.CaptureFixture[str]) -> None:
    """An error inside passes through, without half a table."""

    def fail() -> None:
        with printing() as console:
            console.print("begun")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert capsys.readouterr().out == ""
