from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.apps.command_line import cutover
from tests.migrate.commands.moving import prepared

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which pools.list went forward and back."""
    prepared(tmp_path)
    cutover(tmp_path, "promote", "pools.list", "-r", "go", "--by", "eva", "--force")
    cutover(tmp_path, "rollback", "pools.list", "-r", "oops", "--by", "max")
    return tmp_path


def test_every_change_is_a_line_newest_first(folder: Path) -> None:
    """Revision, time, from, to, force, who and why."""
    newest, oldest = cutover(folder, "history").out.splitlines()
    assert newest.endswith("UTC  pools.list: shadow → legacy  max: oops")
    assert oldest.endswith("UTC  pools.list: legacy → shadow [forced]  eva: go")
    cut = cutover(folder, "history", "pools.list", "--limit", "1")
    assert cut.out.splitlines() == [newest]
    assert cut.err == "older changes are left out; --limit shows more\n"
    assert cutover(folder, "history", "--limit", "2").err == ""


def test_history_is_json_when_asked(folder: Path) -> None:
    """The flag as it became, and the stage before."""
    newest, oldest = json.loads(cutover(folder, "history", "--json").out)
    assert (newest["before"], newest["stage"], newest["by"]) == ("shadow", "legacy", "max")
    assert oldest["forced"] is True


def test_nothing_to_tell_is_told(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """For a route that stands still, and for a fresh store."""
    assert cutover(folder, "history", "pools.delete").out == "pools.delete was never moved\n"
    fresh = prepared(tmp_path_factory.mktemp("fresh"))
    assert cutover(fresh, "history").out == "no route was moved yet\n"


def test_an_unknown_route_and_a_missing_store_are_one_line(folder: Path) -> None:
    """Exit codes 2 and 3."""
    done = cutover(folder, "history", "pools.lst")
    assert (done.code, done.err) == (2, "cutover: no route 'pools.lst'; did you mean pools.list?\n")
    assert cutover(folder, "history", "--store", "none.db").code == 3
