"""The defect catalogue: each seeded defect is found by its instrument and named right, and noise raises nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.catalogue.__main__ import run
from tests.catalogue.noise import NOISE
from tests.catalogue.page import PAGE, page
from tests.catalogue.probes import DEFECTS as OPEN
from tests.catalogue.rig import platform, stand
from tests.catalogue.run import COPIED, copied, silent
from tests.catalogue.sockets import DEFECTS as PLAYED
from tests.catalogue.wrong_rows import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migrate.demo.platform import Platform

QUICK = (
    "wrong-tenant",
    "null-for-missing",
    "cookie-widened",
    "cache-header-added",
    "lost-word",
    "lost-repetition",
    "wrong-identity",
    "missing-permission",
)
CALM = ("ids", "race", "compression", "boundary")


@pytest.fixture(scope="module")
def started() -> Iterator[Platform]:
    """The stand-in platform."""
    with platform() as running:
        yield running


@pytest.mark.parametrize("name", QUICK)
async def test_a_seeded_defect_is_found_and_named(started: Platform, name: str) -> None:
    """What nothing explains is exactly what the defect does."""
    async with stand(started) as at:
        result = await copied(at, next(one for one in COPIED if one.name == name))
    assert result.ok, result


@pytest.mark.parametrize("name", CALM)
async def test_noise_is_not_raised(started: Platform, name: str) -> None:
    """What is right and looks different is no mismatch."""
    async with stand(started) as at:
        result = await silent(at, next(one for one in NOISE if one.name == name))
    assert result.ok, result


@pytest.mark.proof
async def test_a_right_gateway_has_no_defect(started: Platform) -> None:
    """Each request of the catalogue, copied to the gateway as it is, leaves nothing open."""
    asked = dict.fromkeys(defect.asked for defect in COPIED)
    async with stand(started) as at, at.gateway() as rig:
        left = {one.target: copy.open for one in asked if (copy := await rig.copy(one)).open}
    assert left == {}


def test_the_catalogue_is_large_and_its_rows_have_names_of_their_own() -> None:
    """At least 40 defects with all wrong rows among them, and ten noises."""
    names = [*(row.fault for row in rows()), *(one.name for one in (*COPIED, *PLAYED, *OPEN))]
    assert len(names) >= 40
    assert len(rows()) == 18
    assert len(set(names)) == len(names)
    assert len({one.name for one in NOISE}) == len(NOISE) >= 10


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_the_whole_catalogue(record_property: Callable[[str, object], None]) -> None:
    """Every seeded defect is found by its named instrument and named right; no noise is raised; the page says so."""
    defects, noise = await run()
    record_property("defects", f"{sum(one.ok for one in defects)} of {len(defects)} found")
    record_property("noise", f"{sum(not one.ok for one in noise)} of {len(noise)} raised")
    assert [one for one in (*defects, *noise) if not one.ok] == []
    assert PAGE.read_text() == page(defects, noise)
