from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config import load_table
from gateway.store.database import open_store
from loadtests.personas import PERSONAS
from loadtests.workload import Workload
from migrate.commands.load_workload import runners, workload
from tests.apps.command_line import cutover

if TYPE_CHECKING:
    import pytest

INFERIA = load_table(Path("migrate/presets/inferia.yaml"), {})


def test_options_become_a_workload(tmp_path: Path) -> None:
    """Without any it is the dashboard user; weights add up over the options."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        none = workload(connection, INFERIA, None, "declared", writes=False, keep_uploads=False)
        some = workload(connection, INFERIA, ["api=2", "logs"], "declared", writes=True, keep_uploads=True)
    assert none == Workload()
    assert some == Workload({"api": 2, "logs": 1}, writes=True, keep_uploads=True)


def test_what_to_start_elsewhere_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each machine, one for workers nobody named, none for those of this machine."""
    found = runners(0, ["load-1,localhost"], 4, "", 5557, None)
    assert (found.elsewhere, found.here, found.awaited) == (("load-1",), 1, 4)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "on load-1: cutover loadtest worker --master THIS_HOST:5557",
        "waiting for 2 workers: cutover loadtest worker --master THIS_HOST:5557",
    ]


def test_help_names_every_persona_and_what_writes(tmp_path: Path) -> None:
    """Who may be asked for, and that nothing is written unless it is said, stands in the help."""
    told = cutover(tmp_path, "loadtest", "run", "--help").out
    flat = " ".join(told.replace("│", " ").split())
    assert all(name in flat for name in PERSONAS)
    assert "--writes" in flat
    assert "what a load test creates it deletes" in flat
