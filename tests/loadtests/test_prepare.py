from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError, RefusedError, UsageError
from loadtests.plan import LoadPlan
from loadtests.prepare import prepare
from loadtests.workload import Workload
from migrate.presets import write
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


def test_only_who_can_act_gets_users(tmp_path: Path) -> None:
    """Heartbeats have no place on the gateway: that persona is left out with its reason, the others stay."""
    write(tmp_path / "cutover.yaml")
    plan = LoadPlan(tmp_path / "cutover.yaml", workload=Workload({"dashboard": 3, "node": 1}))
    prepared = prepare(plan, {})
    assert prepared.personas == {"dashboard": 3}
    assert prepared.omitted == ("persona node: internal.heartbeat is not on the gateway; load legacy or both",)
    with pytest.raises(RefusedError, match="load legacy or both"):
        prepare(LoadPlan(tmp_path / "cutover.yaml", workload=Workload({"node": 1})), {})


def test_a_key_is_made_only_where_none_is_given(tmp_path: Path) -> None:
    """The API client needs one; nothing else of it writes."""
    write(tmp_path / "cutover.yaml")
    plan = LoadPlan(tmp_path / "cutover.yaml", workload=Workload({"api": 1}))
    assert (prepare(plan, {}).makes_key, prepare(plan, {}).creates) == (True, True)
    given = prepare(plan, {"CUTOVER_LOAD_API_KEY": "sk-1"})
    assert (given.makes_key, given.creates) == (False, False)
    assert {route.id for route in given.routes} == {"inference.chat", "inference.models"}


def test_a_mix_brings_its_routes_and_reasons(tmp_path: Path) -> None:
    """The mixed user is there alone; what it does not call is named; addresses for what it sets up are known."""
    write(tmp_path / "cutover.yaml")
    mix = {"deployments.get": 3.0, "auth.login": 1.0}
    prepared = prepare(LoadPlan(tmp_path / "cutover.yaml", "legacy", workload=Workload(mix=mix)), {})
    assert (prepared.personas, [route.id for route in prepared.routes]) == ({"mixed": 1}, ["deployments.get"])
    assert prepared.omitted[0].startswith("auth.login: ")
    assert {"filtration", "orchestration", "inference"} <= set(prepared.bases)
    with pytest.raises(RefusedError, match=r"auth\.login"):
        prepare(LoadPlan(tmp_path / "cutover.yaml", workload=Workload(mix={"auth.login": 1.0})), {})


def test_the_digest_tells_tables_apart(config: Path) -> None:
    """Machines whose tables route differently do not load together."""
    same = prepare(LoadPlan(config), {"LOAD_PORT": "1"}).digest
    assert prepare(LoadPlan(config), {"LOAD_PORT": "1"}).digest == same
    config.write_text(config.read_text().replace("rate: 1000", "rate: 10"))
    assert prepare(LoadPlan(config), {"LOAD_PORT": "1"}).digest != same
