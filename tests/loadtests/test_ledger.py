from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.calls import PREFIX
from loadtests.ledger import Entry, Ledger, run_prefix, still_open

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_begun_is_written_before_it_is_made(tmp_path: Path) -> None:
    """The file knows the name before anything is sent, the id after the answer, and nothing once it is gone."""
    ledger = Ledger(run_prefix("r1"), tmp_path)
    name = ledger.begin("API key")
    assert name.startswith(f"{PREFIX}r1-")
    assert still_open(tmp_path) == ledger.open == (Entry("API key", name),)
    ledger.made(name, "k-1")
    assert still_open(tmp_path) == ledger.open == (Entry("API key", name, "k-1"),)
    ledger.gone(name)
    assert still_open(tmp_path) == ledger.open == ()


def test_ledgers_of_several_processes_are_read_together(tmp_path: Path) -> None:
    """Names of two processes never meet, and a line cut off by a kill hides nothing else."""
    ledgers = [Ledger(run_prefix("r1"), tmp_path) for _ in range(2)]
    names = {ledger.begin("pool") for ledger in ledgers}
    with next(tmp_path.glob("ledger-*.jsonl")).open("a") as file:
        file.write('["begin", "po')
    assert {entry.name for entry in still_open(tmp_path)} == names
    assert len(names) == 2


def test_without_a_directory_it_is_kept_in_memory() -> None:
    """A plain locust run has no directory; what is not begun cannot be made."""
    ledger = Ledger(run_prefix("r1"))
    name = ledger.begin("role")
    assert ledger.open == (Entry("role", name),)
    with pytest.raises(KeyError):
        ledger.made("another", "id")
