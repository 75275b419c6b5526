from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.apps.command_line import cutover
from tests.apps.route_tables import GOOD
from tests.migrate.commands.moving import prepared

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which pools.list is in canary."""
    prepared(tmp_path)
    cutover(
        tmp_path, "promote", "pools.list", "-r", "why", "--to", "canary", "--percent", "50", "--force", "--by", "e"
    )
    return tmp_path


def test_every_exposed_route_has_a_row(folder: Path) -> None:
    """Stage, share and what holds it."""
    done = cutover(folder, "routes")
    assert done.code == 0
    lines = done.out.splitlines()
    begun = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert begun == ["route", "pools.list", "pools.delete", "logs.socket"]
    assert "canary 50 %" in lines[1]


def test_one_route_is_told_in_full(folder: Path) -> None:
    """Both sides, who moved it, and every blocker."""
    out = cutover(folder, "routes", "pools.list").out
    assert "gateway  GET /api/v1/pools" in out
    assert ": why" in out
    assert "to gateway:" in out


def test_rows_are_json_when_asked(folder: Path) -> None:
    """Globs select; numbers that are not known are null."""
    rows = json.loads(cutover(folder, "routes", "pools.*", "--json").out)
    assert [row["route"] for row in rows] == ["pools.list", "pools.delete"]
    assert (rows[0]["stage"], rows[0]["percent"], rows[0]["next"]) == ("canary", 50.0, "gateway")
    assert (rows[1]["match_rate"], rows[1]["bound"], rows[1]["latency_ratio"]) == (None, None, None)
    assert rows[1]["blockers"]


def test_access_shows_who_may_call_what(folder: Path) -> None:
    """Internal routes are in it, as never exposed."""
    done = cutover(folder, "routes", "--access")
    assert "never exposed (POST /beat)" in done.out
    rows = {row["route"]: row for row in json.loads(cutover(folder, "routes", "--access", "--json").out)}
    assert rows["nodes.beat"]["gateway"] is None
    assert rows["pools.list"]["authorization"] == "forward"
    assert cutover(folder, "routes", "pools.lst", "--access").code == 2


def test_before_anything_ran_every_route_stands_in_legacy(tmp_path: Path) -> None:
    """Looking makes no store."""
    (tmp_path / "cutover.yaml").write_text(GOOD)
    rows = json.loads(cutover(tmp_path, "routes", "--json").out)
    assert {row["stage"] for row in rows} == {"legacy"}
    assert [path.name for path in tmp_path.iterdir()] == ["cutover.yaml"]


def test_an_unknown_route_suggests_the_nearest(folder: Path) -> None:
    """Exit code 2."""
    done = cutover(folder, "routes", "pools.lst")
    assert (done.code, done.err) == (2, "cutover: no route 'pools.lst'; did you mean pools.list?\n")
