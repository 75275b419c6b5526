"""Every wrong row is found by the instrument that docs/wrong-rows.md names, at the place it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.app import build_app
from migrate.probe import body_limit, identity, tenant
from migrate.probe.catalogue import PROBES
from migrate.replay.closed import play
from migrate.replay.under_test import Keys
from shadow.recording.read import read_recording
from shadow.replay import place_all
from tests.apps.faulty_gateway import FAULTS, faulty
from tests.apps.odd_session import odd
from tests.apps.played import TABLE, placed
from tests.apps.probed import inferia, probed
from tests.apps.recordings import shipped, signing_key
from tests.apps.slow_service import NAME as SLOW
from tests.apps.slow_service import impatient, slow_service

if TYPE_CHECKING:
    from migrate.probe.result import ProbeResult
    from migrate.replay.under_test import Factory

PAGE = Path(__file__).parents[2] / "docs" / "wrong-rows.md"
ODD_KEYS = Keys("j" * 40, "i" * 40)
DESCRIPTOR = "deployments.log-stream"
"""Without its answer the recorded socket cannot be opened."""
DIFFS = {"response diff": "response", "upstream-request diff": "upstream"}


@dataclass(frozen=True)
class Row:
    """One row of the page."""

    topic: str
    fault: str
    instrument: str
    route: str
    place: str

    @property
    def kind(self) -> str:
        """The instrument's kind, as the fault names it."""
        return DIFFS.get(self.instrument) or self.instrument.partition(":")[0]

    @property
    def probe(self) -> str:
        """The probe's name, empty for a diff."""
        return self.instrument.partition(": ")[2]


def rows() -> list[Row]:
    """The table of the page."""
    cells = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| `([^|]+)` \| ([^|]+) \| `([^|]+)` \| `([^|]+)` \|$", PAGE.read_text(), re.MULTILINE
    )
    return [Row(*found) for found in cells]


ROWS = rows()
PLAYED = [row for row in ROWS if row.kind != "probe"]
PROBED = [row for row in ROWS if row.kind == "probe"]


def test_the_page_lists_every_fault() -> None:
    """Topic, instrument and location of each row are those of its switch; no switch is left out."""
    listed = {row.fault: (row.topic, row.kind, row.place.partition(":")[0]) for row in ROWS}
    assert listed == {name: (fault.row, fault.instrument, fault.location) for name, fault in FAULTS.items()}
    assert len(ROWS) == len(FAULTS)


async def differences(routes: set[str], factory: Factory) -> set[tuple[str, str]]:
    """Route and place of every mismatch in the session that has these routes."""
    if all(route.startswith("notes.") for route in routes):
        outcome = await play(placed(*odd()), TABLE, factory, ODD_KEYS)
    else:
        table = inferia()
        entries = place_all(read_recording(shipped("dashboard-session.flow")).entries, table)
        chosen = [one for one in entries if one.matched and one.matched.route.id in {*routes, DESCRIPTOR}]
        outcome = await play(chosen, table, factory, Keys(signing_key(), "i" * 40))
    found = outcome.to_json()["mismatches"]
    return {(one["route"], f"{one['location']}:{one['path']}".rstrip(":")) for one in found if "location" in one}


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.fault)
async def test_a_closed_replay_finds_the_fault(row: Row) -> None:
    """The diff shows it on the route, at the place."""
    assert (row.route, row.place) in await differences({row.route}, partial(faulty, fault=row.fault))


@pytest.mark.parametrize("session", ["shipped", "odd"])
async def test_a_closed_replay_is_clean_without_a_fault(session: str) -> None:
    """The right gateway shows nothing on all the routes of the table."""
    routes = {row.route for row in PLAYED if row.route.startswith("notes.") == (session == "odd")}
    assert await differences(routes, build_app) == set()


async def probe(row: Row, fault: str) -> ProbeResult:
    """What the row's probe says of a gateway."""
    if row.probe == SLOW:
        async with probed(impatient(inferia()), fault=fault) as at:
            return await slow_service(at, row.route)
    async with probed(fault=fault) as at:
        chosen = next(item for item in PROBES if item.name == row.probe)
        assert chosen.applies(at.route(row.route))
        found = await chosen.ask(at.setting, at.route(row.route))
        assert hasattr(found, "passed"), found
        return found


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
