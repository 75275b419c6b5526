"""The caller's organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

ME = "/management/organizations/me"


async def test_one_field_changes_and_the_rest_stays(call: Call, seed: Seed) -> None:
    """A PATCH of `log_payloads` leaves the name; a member may look and not change."""
    changed = await call("filtration", "PATCH", ME, who="admin", json={"log_payloads": False})
    assert (changed.json()["name"], changed.json()["log_payloads"]) == (seed.organisation_name, False)
    assert (await call("filtration", "GET", ME, who="member")).json() == changed.json()
    assert (await call("filtration", "PATCH", ME, who="member", json={})).status_code == 403


async def test_a_new_organisation_has_its_maker_as_admin(call: Call) -> None:
    """201, and the maker can switch there."""
    made = await call("filtration", "POST", "/management/organizations", who="admin", json={"name": "New"})
    assert made.status_code == 201
    body = {"org_id": made.json()["id"]}
    assert (await call("filtration", "POST", "/auth/switch-org", who="admin", json=body)).status_code == 200


async def test_a_deleted_organisation_is_404(call: Call, world: World, seed: Seed) -> None:
    """A token may name an organisation that is gone."""
    world.organisations.delete(seed.organisation)
    assert (await call("filtration", "GET", ME, who="admin")).status_code == 404
