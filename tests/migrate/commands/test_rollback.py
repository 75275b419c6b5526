from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from gateway.flags.watch import FlagWatch
from tests.apps.command_line import cutover
from tests.migrate.commands.moving import flag, prepared, store_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which pools.list is in canary."""
    prepared(tmp_path)
    done = cutover(tmp_path, "promote", "pools.list", "-r", "x", "--to", "canary", "--percent", "50", "--force")
    assert done.code == 0, done.err
    return tmp_path


def test_a_route_goes_back_to_where_legacy_serves_or_to_any_stage(folder: Path) -> None:
    """Nothing is checked; having left shadow is kept."""
    assert cutover(folder, "rollback", "pools.list", "--reason", "oops").out.startswith(
        "pools.list: canary 50 % → shadow   (revision 2)"
    )
    done = cutover(folder, "rollback", "pools.list", "--reason", "oops", "--to", "legacy", "--json")
    assert json.loads(done.out)["action"] == "rollback"
    back = flag(folder, "pools.list")
    assert (back.stage, back.left_shadow, back.reason) == (Stage.LEGACY, True, "oops")


def test_a_canary_can_be_made_smaller(folder: Path) -> None:
    """Without leaving it."""
    assert cutover(folder, "rollback", "pools.list", "-r", "x", "--percent", "5").code == 0
    assert flag(folder, "pools.list").percent == 5


def test_running_processes_acknowledge(folder: Path) -> None:
    """Each is named with the time it took."""
    watch = FlagWatch(store_in(folder), "shadow", "127.0.0.1:18000")
    watch.start()
    try:
        deadline = time.monotonic() + 10
        done = cutover(folder, "rollback", "pools.list", "-r", "x")
        while "(pid " not in done.out and time.monotonic() < deadline:
            cutover(folder, "promote", "pools.list", "-r", "x", "--to", "canary", "--percent", "50", "--force")
            done = cutover(folder, "rollback", "pools.list", "-r", "x")
    finally:
        watch.stop()
    assert done.code == 0
    assert "  shadow 127.0.0.1:18000 (pid " in done.out
    assert " ms\n" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["pools.delete", "-r", "x"], 1, "nothing is before"),
        (["pools.list", "-r", "x", "--to", "gateway"], 1, "go forward with cutover promote"),
        (["pools.lits", "-r", "x"], 2, "did you mean pools.list?"),
        (["pools.list", "-r", "x", "--store", "none/cutover.db"], 3, "no store here yet"),
    ],
)
def test_a_rollback_that_cannot_be_is_one_line(folder: Path, arguments: list[str], code: int, words: str) -> None:
    """With the right exit code."""
    done = cutover(folder, "rollback", *arguments)
    assert (done.code, len(done.err.splitlines())) == (code, 1)
    assert words in done.err
