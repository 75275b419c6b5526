from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.errors import UsageError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag, FlagSnapshot
from gateway.store.counts import Served
from migrate.ports.anonymous import Anonymous
from migrate.ports.plan import Evidence, PortPlan, is_inherited, port_of, port_plan, service_named
from tests.migrate.ports.tables import table_text

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable

NOW = 1_800_000_000.0
DAY = 86_400.0
MOVED = FlagSnapshot(1, "s", {name: Flag(name, Stage.GATEWAY) for name in ("deployments.list", "pools.delete")})
REFUSES = Anonymous("refuses", "deployments.list", 401)


@pytest.fixture
def table(tmp_path: Path) -> RouteTable:
    """The table of the port tests."""
    (tmp_path / "cutover.yaml").write_text(table_text())
    return load_table(tmp_path / "cutover.yaml")


def evidence(flags: FlagSnapshot = MOVED, *served: Served, watched: float | None = NOW - 2 * DAY) -> Evidence:
    """Evidence with a quiet period of one day."""
    return Evidence(flags, served, watched, NOW, DAY)


def planned(table: RouteTable, found: Evidence, anonymous: Anonymous = REFUSES) -> PortPlan:
    """The plan for orchestration."""
    return port_plan(table, table.services["orchestration"], found, anonymous)


def kinds(plan: PortPlan) -> list[str]:
    """What kinds of blockers a plan has."""
    return [blocker.kind for blocker in plan.blockers]


def test_a_moved_quiet_watched_service_is_closable(table: RouteTable) -> None:
    """All routes at the gateway, no legacy call in a watched period, key demanded: nothing blocks."""
    plan = planned(table, evidence())
    assert plan.closable
    assert plan.port == 8080


def test_routes_before_the_gateway_stage_block_by_stage(table: RouteTable) -> None:
    """Each stage that still holds routes is named with them; internal routes need not move."""
    flags = FlagSnapshot(1, "s", {"deployments.list": Flag("deployments.list", Stage.CANARY, percent=99)})
    plan = planned(table, evidence(flags))
    assert [b.text for b in plan.blockers] == ["1 in legacy: pools.delete", "1 in canary: deployments.list"]


def test_closed_routes_do_not_block(table: RouteTable) -> None:
    """A route in closed is past the gateway stage."""
    flags = FlagSnapshot(1, "s", {name: Flag(name, Stage.CLOSED) for name in MOVED.flags})
    assert planned(table, evidence(flags)).closable


def test_callers_in_the_quiet_period_block_and_are_counted(table: RouteTable) -> None:
    """What legacy served within the period counts by route; older calls, the gateway's and others' do not."""
    minute = int(NOW // 60)
    row = Served("deployments.list", "legacy", minute - 5, 3, 0, 0, 0.1)
    plan = planned(
        table,
        evidence(
            MOVED,
            row,
            replace(row, minute=minute - 7, ended=0),
            replace(row, minute=minute - 2000, ended=0, requests=50),
            replace(row, side="gateway", requests=70),
            replace(row, route="auth.me", requests=90),
        ),
    )
    assert kinds(plan) == ["callers"]
    assert plan.callers == {"deployments.list": 6}
    assert "6 calls in the last 1 d" in plan.blockers[0].text


@pytest.mark.parametrize(("watched", "words"), [(None, "ever seen"), (NOW - 3600, "watched for 1 h")])
def test_silence_nobody_listened_to_proves_nothing(table: RouteTable, watched: float | None, words: str) -> None:
    """Without traffic seen for the whole quiet period the port is not closable."""
    plan = planned(table, evidence(watched=watched))
    assert kinds(plan) == ["unwatched"]
    assert words in plan.blockers[0].text


def test_anonymous_access_on_the_closed_port_is_a_note(table: RouteTable) -> None:
    """Where the internal address has the port that is closed, closing it is the mend."""
    plan = planned(table, evidence(), Anonymous("accepts", "deployments.list", 200))
    assert plan.closable
    assert any(note.startswith("accepts anonymous") for note in plan.notes)


def test_anonymous_access_on_another_port_blocks(table: RouteTable) -> None:
    """Where the internal address has another port, it stays open to everybody, and that blocks."""
    service = replace(table.services["orchestration"], internal="http://127.0.0.1:9080")
    plan = port_plan(table, service, evidence(), Anonymous("accepts", "deployments.list", 200))
    assert kinds(plan) == ["anonymous"]
    assert "without the internal key" in plan.blockers[0].text


def test_an_unreachable_internal_address_blocks(table: RouteTable) -> None:
    """If the gateway's way to the service is dead, closing the other one cuts it off."""
    assert kinds(planned(table, evidence(), Anonymous("unreachable"))) == ["unreachable"]


def test_what_was_not_asked_is_said(table: RouteTable) -> None:
    """A service without a read to ask is not called safe."""
    assert any("not known" in note for note in planned(table, evidence(), Anonymous("not-asked")).notes)


def test_internal_callers_are_pointed_out(table: RouteTable) -> None:
    """Routes that other services call directly need allowed sources."""
    assert any("nodes.heartbeat" in note and "--allow" in note for note in planned(table, evidence()).notes)


def test_the_inherited_port_is_never_closed(table: RouteTable) -> None:
    """The service whose port the gateway takes over is blocked beyond force."""
    service = table.services["filtration"]
    assert is_inherited(table, service)
    plan = port_plan(table, service, evidence(), REFUSES)
    assert next(b.kind for b in plan.blockers if not b.forceable) == "inherited"


def test_a_plan_is_json(table: RouteTable) -> None:
    """The document names service, port, blockers and whether it is closable."""
    document = planned(table, evidence(watched=None)).to_json()
    assert (document["service"], document["port"], document["closable"]) == ("orchestration", 8080, False)
    assert document["blockers"][0]["kind"] == "unwatched"


def test_an_unknown_service_is_a_usage_error(table: RouteTable) -> None:
    """The message lists the services there are."""
    with pytest.raises(UsageError, match="filtration, orchestration"):
        service_named(table, "orchestra")


@pytest.mark.parametrize(("url", "port"), [("http://h", 80), ("https://h", 443), ("http://[::1]:8080", 8080)])
def test_a_url_without_a_port_has_its_schemes(url: str, port: int) -> None:
    """Ports come from the address, else from the scheme."""
    assert port_of(url) == port
