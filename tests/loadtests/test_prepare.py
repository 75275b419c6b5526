from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError, RefusedError, UsageError
from loadtests.plan import LoadPlan
from loadtests.prepare import prepare
from tests.apps.load_target import ROUTES, table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The table of the small load target, its port taken from the environment."""
    file = tmp_path / "cutover.yaml"
    file.write_text(table(1).replace('127.0.0.1:1"', '127.0.0.1:${LOAD_PORT}"'))
    return file


def test_a_plan_gets_its_pages_routes_and_addresses(config: Path) -> None:
    """What the persona calls on this table is settled, with the environment filled in."""
    prepared = prepare(LoadPlan(config, "legacy"), {"LOAD_PORT": "77"})
    assert {route.id for route in prepared.routes} == set(ROUTES) - {"auth.login"}
    assert prepared.bases == {"filtration": "http://127.0.0.1:77", "orchestration": "http://127.0.0.1:77"}
    assert prepared.needs_account


@pytest.mark.parametrize(
    ("target", "left_out", "side"),
    [
        ("gateway", (), "gateway"),
        ("gateway", ("auth.login",), "legacy"),
        ("both", (), "legacy"),
        ("legacy", (), "legacy"),
    ],
)
def test_the_sign_in_goes_where_it_is_served(config: Path, target: str, left_out: tuple[str, ...], side: str) -> None:
    """Through the gateway only when that is what is tested and it serves the sign-in."""
    assert prepare(LoadPlan(config, target, left_out=left_out), {"LOAD_PORT": "1"}).sign_in_side == side


def test_with_everything_left_out_nothing_is_tested(config: Path) -> None:
    """A gateway that serves none of the routes yet is refused with what to do."""
    with pytest.raises(RefusedError, match="promote some first"):
        prepare(LoadPlan(config, left_out=tuple(ROUTES)), {"LOAD_PORT": "1"})


def test_strangers_and_broken_tables_are_refused(config: Path) -> None:
    """The host check and the table's own errors come before anything is sent."""
    with pytest.raises(UsageError, match="i-own-this-target"):
        prepare(LoadPlan(config, hosts={"gateway": "http://example.org"}), {"LOAD_PORT": "1"})
    config.write_text("version: 1")
    with pytest.raises(ConfigError):
        prepare(LoadPlan(config), {})
