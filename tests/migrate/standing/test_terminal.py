from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.standing.terminal import console

if TYPE_CHECKING:
    import pytest


def test_a_pipe_gets_whole_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is cut at 80 columns where no terminal is."""
    console().print("x" * 150)
    assert capsys.readouterr().out == "x" * 150 + "\n"
    assert console().width == 200


def test_a_terminal_has_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the terminal says."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "90")
    assert console().width == 90
