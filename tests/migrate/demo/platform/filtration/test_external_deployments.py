"""Filtration's view of deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

PATH = "/management/deployments"


async def test_the_list_is_the_organisation_s_in_heap_order(call: Call, seed: Seed) -> None:
    """Orchestration's rows have no creation time; pages are cut."""
    listed = (await call("filtration", "GET", PATH, who="member")).json()
    assert [row["id"] for row in listed] == [
        seed.running_deployment,
        seed.stopped_deployment,
        seed.external_deployment,
    ]
    assert [row["created_at"] for row in listed] == ["2026-02-01T00:00:00", "2026-02-01T00:00:00", None]
    assert len((await call("filtration", "GET", f"{PATH}?limit=1", who="member")).json()) == 1


async def test_a_delete_does_its_work_and_then_answers_500(call: Call, world: World, seed: Seed) -> None:
    """A retry is 404 for work that was done; no CORS header is on the 500."""
    path = f"{PATH}/{seed.external_deployment}"
    answer = await call("filtration", "DELETE", path, who="admin", headers={"Origin": "http://localhost:3001"})
    assert answer.status_code == 500
    assert "access-control-allow-origin" not in answer.headers
    assert world.deployments.get(seed.external_deployment) is None
    again = await call("filtration", "DELETE", path, who="admin")
    assert (again.status_code, again.json()) == (404, {"detail": "Deployment not found"})


async def test_what_is_broken_is_broken(call: Call) -> None:
    """Making a deployment and listing models always fail, a bad body is 422 first."""
    body = {"name": "n", "model_name": "m", "provider": "p", "credentials_json": {}}
    assert (await call("filtration", "POST", PATH, who="admin", json=body)).status_code == 500
    assert (await call("filtration", "POST", PATH, who="admin", json={})).status_code == 422
    assert (await call("filtration", "GET", "/management/models", who="admin")).status_code == 500


async def test_logs_are_per_organisation_and_deployment(call: Call, seed: Seed) -> None:
    """Recent logs span deployments; a foreign deployment's logs are 404."""
    recent = (await call("filtration", "GET", f"{PATH}/recent-logs?limit=2", who="member")).json()
    assert [row["ip_address"] for row in recent] == ["10.0.0.3", "10.0.0.2"]
    own = (await call("filtration", "GET", f"{PATH}/{seed.running_deployment}/logs", who="member")).json()
    assert [row["model"] for row in own] == ["llama-live"]
    foreign = await call("filtration", "GET", f"{PATH}/{seed.foreign_deployment}/logs", who="member")
    assert foreign.status_code == 404


async def test_the_overview_s_audit_path_does_not_exist(call: Call) -> None:
    """/management/audit/logs is 404 for an admin as well."""
    answer = await call("filtration", "GET", "/management/audit/logs?limit=5", who="admin")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
