"""Every wrong row is found by the instrument that docs/wrong-rows.md names, at the place it names."""

from __future__ import annotations

from functools import partial

import pytest

from gateway.app import build_app
from migrate.probe import body_limit, identity, tenant
from tests.apps.faulty_gateway import FAULTS, faulty
from tests.apps.slow_service import NAME as SLOW
from tests.catalogue.wrong_rows import Row, differences, probe, rows

ROWS = rows()
PLAYED = [row for row in ROWS if row.kind != "probe"]
PROBED = [row for row in ROWS if row.kind == "probe"]


def test_the_page_lists_every_fault() -> None:
    """Topic, instrument and location of each row are those of its switch; no switch is left out."""
    listed = {row.fault: (row.topic, row.kind, row.place.partition(":")[0]) for row in ROWS}
    assert listed == {name: (fault.row, fault.instrument, fault.location) for name, fault in FAULTS.items()}
    assert len(ROWS) == len(FAULTS)


@pytest.mark.proof
@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.fault)
async def test_a_closed_replay_finds_the_fault(row: Row) -> None:
    """The diff shows it on the route, at the place."""
    assert (row.route, row.place) in await differences({row.route}, partial(faulty, fault=row.fault))


@pytest.mark.parametrize("session", ["shipped", "odd"])
async def test_a_closed_replay_is_clean_without_a_fault(session: str) -> None:
    """The right gateway shows nothing on all the routes of the table."""
    routes = {row.route for row in PLAYED if row.route.startswith("notes.") == (session == "odd")}
    assert await differences(routes, build_app) == set()


@pytest.mark.proof
@pytest.mark.parametrize("row", PROBED, ids=lambda row: row.fault)
async def test_a_probe_finds_the_fault(row: Row) -> None:
    """It fails on the route and names the place; without the fault it passes."""
    found = await probe(row, row.fault)
    assert (found.probe, found.route, found.passed, found.location) == (row.probe, row.route, False, row.place)
    assert row.probe != SLOW or found.detail.endswith("; 1 more of 2"), "the missing retry is found too"
    assert (await probe(row, "")).passed


def test_the_probes_named_are_real() -> None:
    """The page names the probes of the command, and the one that only a test can make."""
    assert {row.probe for row in PROBED} == {identity.NAME, body_limit.NAME, tenant.NAME, SLOW}
