"""The audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.migrate.demo.platform.conftest import INTERNAL

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call


async def test_the_latest_stands_first_and_filters_hold(call: Call, world: World, seed: Seed) -> None:
    """Action and user narrow the list; pages are cut; a foreign organisation's entries are not shown."""
    world.record("x.y", user="u-9", organisation=seed.organisation)
    world.record("x.z", user="u-8", organisation=seed.foreign_organisation)
    listed = (await call("filtration", "GET", "/audit/logs", who="admin")).json()
    assert listed[0]["action"] == "x.y"
    assert "x.z" not in {row["action"] for row in listed}
    for query in ("action=x.y", "user_id=u-9", "limit=1"):
        found = (await call("filtration", "GET", f"/audit/logs?{query}", who="admin")).json()
        assert [row["action"] for row in found] == ["x.y"]
    assert (await call("filtration", "GET", "/audit/logs?start_date=2999-01-01T00:00:00", who="admin")).json() == []
    assert (await call("filtration", "GET", "/audit/logs?end_date=2000-01-01T00:00:00Z", who="admin")).json() == []


@pytest.mark.parametrize(("query", "status"), [("skip=-1", 500), ("limit=-1", 500), ("limit=1001", 422)])
async def test_bad_pages_break_or_are_refused(call: Call, query: str, status: int) -> None:
    """A negative page is an SQL error, a long one is validated."""
    assert (await call("filtration", "GET", f"/audit/logs?{query}", who="admin")).status_code == status


async def test_other_services_write_with_the_internal_key(call: Call, world: World) -> None:
    """No JWT is asked for; without a key and with a wrong one 403."""
    path, body = "/audit/internal/log", {"action": "a.b", "resource_type": "t", "resource_id": "1"}
    missing = await call("filtration", "POST", path, json=body)
    assert (missing.status_code, missing.json()) == (403, {"detail": "Not authenticated"})
    wrong = await call("filtration", "POST", path, json=body, headers={"X-Internal-API-Key": "x"})
    assert wrong.status_code == 403
    made = await call("filtration", "POST", path, json=body, headers={"X-Internal-API-Key": INTERNAL})
    assert (made.status_code, made.json()["resource_id"]) == (200, "1")
    assert list(world.audit)[-1].action == "a.b"
