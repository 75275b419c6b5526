"""API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


async def test_revoking_moves_the_key_and_does_not_stop_it(call: Call, seed: Seed) -> None:
    """Keys a, b become b, a when a is revoked, and inference goes on serving it."""
    made = await call("filtration", "POST", "/management/api-keys", who="admin", json={"name": "b"})
    assert made.status_code == 201
    assert made.json()["secret_key"].startswith("sk-")
    revoked = await call("filtration", "DELETE", f"/management/api-keys/{seed.api_key_id}", who="admin")
    assert (revoked.status_code, revoked.headers["content-type"]) == (204, "application/json")
    listed = (await call("filtration", "GET", "/management/api-keys", who="admin")).json()
    assert [(row["name"], row["is_active"]) for row in listed] == [("b", True), ("seed key", False)]
    assert "secret_key" not in listed[0]
    assert (await call("inference", "GET", "/v1/models", who=seed.api_key)).status_code == 200


async def test_a_foreign_key_cannot_be_revoked(call: Call, seed: Seed) -> None:
    """Another organisation's key is 404."""
    answer = await call("filtration", "DELETE", f"/management/api-keys/{seed.foreign_api_key_id}", who="admin")
    assert answer.status_code == 404
