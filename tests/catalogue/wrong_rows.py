"""The wrong rows of the platform's own gateway, as docs/wrong-rows.md lists them, and what finds each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from migrate.probe.catalogue import PROBES
from migrate.probe.result import ProbeResult
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


async def probe(row: Row, fault: str) -> ProbeResult:
    """What the row's probe says of a gateway."""
    if row.probe == SLOW:
        async with probed(impatient(inferia()), fault=fault) as at:
            return await slow_service(at, row.route)
    async with probed(fault=fault) as at:
        chosen = next(item for item in PROBES if item.name == row.probe)
        assert chosen.applies(at.route(row.route))
        result = await chosen.ask(at.setting, at.route(row.route))
        assert isinstance(result, ProbeResult), result
        return result


async def found(row: Row) -> set[str]:
    """Where the row's instrument says something is wrong with the gateway that has its fault."""
    if row.kind == "probe":
        result = await probe(row, row.fault)
        return set() if result.passed else {f"{result.route} {result.location}"}
    places = await differences({row.route}, partial(faulty, fault=row.fault))
    return {f"{route} {place}" for route, place in places}


def what(row: Row) -> str:
    """What is wrong, in the fault's own words."""
    return FAULTS[row.fault].meaning
