from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps.command_line import cutover
from tests.migrate.commands.moving import flag, prepared, pretend

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with table and store."""
    return prepared(tmp_path)


def test_a_route_that_is_not_ready_is_refused(folder: Path) -> None:
    """Exit code 1, the blockers are listed, nothing moves."""
    done = cutover(folder, "promote", "pools.list", "--reason", "try")
    assert done.code == 1
    assert "not ready (1 of 1 routes)" in done.err
    assert "--force overrides and is recorded" in done.err
    assert flag(folder, "pools.list").stage is Stage.LEGACY


def test_force_moves_on_and_says_what_it_passed_over(folder: Path) -> None:
    """Who, why and force are kept; nobody runs, and that is said."""
    done = cutover(folder, "promote", "pools.*", "--reason", "drill", "--force", "--by", "eva")
    assert done.code == 0, done.err
    assert "pools.list: legacy → shadow   (revision 1)" in done.out
    assert "overridden: pools.list: " in done.out
    assert "no gateway or shadow runs on this store" in done.out
    moved = flag(folder, "pools.delete")
    assert (moved.stage, moved.by, moved.reason, moved.forced) == (Stage.SHADOW, "eva", "drill", True)


def test_a_canary_takes_share_users_and_organisations(folder: Path) -> None:
    """Both options may list several."""
    cutover(folder, "promote", "pools.list", "-r", "x", "--force")
    done = cutover(
        folder,
        "promote",
        "pools.list",
        "-r",
        "x",
        "--force",
        "--percent",
        "5",
        "--users",
        "u1,u2",
        "--orgs",
        "o1",
        "--json",
    )
    document = json.loads(done.out)
    after = document["moves"][0]["after"]
    assert (after["stage"], after["percent"], after["named"]) == ("canary", 5.0, ["user:u1", "user:u2", "org:o1"])
    assert (document["action"], document["revision"], document["acknowledged"]) == ("promote", 2, [])


def test_a_process_that_does_not_follow_is_exit_4(folder: Path) -> None:
    """The change is stored all the same, and the process is named."""
    pretend(folder, "gateway")
    pretend(folder, "shadow")
    done = cutover(folder, "promote", "pools.list", "--reason", "x", "--force")
    assert done.code == 4
    assert "gateway 10.0.0.1:1 (pid 1) has not taken it over" in done.out
    assert flag(folder, "pools.list").stage is Stage.SHADOW


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["pools.lst", "-r", "x"], 2, "did you mean pools.list?"),
        (["nodes.beat", "-r", "x"], 2, "internal: it is never exposed"),
        (["pools.list", "-r", " "], 2, "--reason is empty"),
        (["pools.list", "-r", "x", "--to", "gateway"], 1, "one stage at a time"),
        (["pools.list", "-r", "x", "--percent", "5"], 2, "belong to canary"),
        (["pools.list", "-r", "x", "--config", "none.yaml"], 3, "no such file"),
        (
            ["nowhere", "-r", "x", "--sunset", "2020-01-31", "--config", "none.yaml"],
            2,
            "--sunset 2020-01-31: callers",
        ),
        (["pools.list", "-r", "x", "--to", "gateway", "--sunset", "2020-01-31", "--force"], 2, "a day to come"),
    ],
)
def test_a_promote_that_cannot_be_is_one_line(folder: Path, arguments: list[str], code: int, words: str) -> None:
    """With the right exit code."""
    done = cutover(folder, "promote", *arguments)
    assert done.code == code
    assert words in done.err
    assert len(done.err.splitlines()) == 1
