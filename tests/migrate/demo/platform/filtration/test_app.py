"""Filtration put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.migrate.demo.platform.conftest import INTERNAL

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


async def test_it_says_who_and_how_it_is(call: Call) -> None:
    """Root and health are public and compact."""
    assert (await call("filtration", "GET", "/")).json()["service"] == "InferiaLLM Filtration Layer"
    health = await call("filtration", "GET", "/health")
    assert health.text == (
        '{"status":"healthy","version":"0.1.0","service":null,'
        '"components":{"rbac":"healthy","rate_limiter":"healthy"}}'
    )


async def test_the_account_routes_stand_twice(call: Call, seed: Seed) -> None:
    """A login works under /internal too, for a holder of the internal key."""
    body = {"username": seed.member_email, "password": seed.member_password}
    answer = await call("filtration", "POST", "/internal/auth/login", json=body, headers={"X-Internal-Key": INTERNAL})
    assert answer.status_code == 200
