from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from migrate.presets.write import write
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


@pytest.mark.proof
def test_many_changes_are_summed(tmp_path: Path) -> None:
    """One line for the routes of a family that one command moved the same way; --verbose has each."""
    write(tmp_path / "cutover.yaml")
    cutover(tmp_path, "promote", "*", "-r", "all", "--by", "eva", "--force")
    cutover(tmp_path, "rollback", "pools.list", "-r", "oops", "--by", "max")
    newest, *others = cutover(tmp_path, "history").out.splitlines()
    assert newest.endswith("pools.list: shadow → legacy  max: oops")
    whole = cutover(tmp_path, "history", "--verbose", "--limit", "1000").out.splitlines()
    pools = sum(" pools." in line for line in whole[1:])
    assert [line for line in others if f"UTC  pools.*: {pools} routes legacy → shadow [forced]  eva: all" in line]
    assert len(others) < len(whole) / 3
    short = cutover(tmp_path, "history", "--limit", "2")
    assert (len(short.out.splitlines()), short.err) == (2, "older changes are left out; --limit shows more\n")
    assert len(json.loads(cutover(tmp_path, "history", "--json").out)) == 50


@pytest.mark.proof
def test_a_glob_names_routes(folder: Path) -> None:
    """As in every other command."""
    assert cutover(folder, "history", "pools.*").out == cutover(folder, "history").out
    assert cutover(folder, "history", "logs.*").out == "logs.* was never moved\n"
    assert cutover(folder, "history", "none.*").code == 2


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
