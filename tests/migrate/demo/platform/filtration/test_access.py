"""Callers and permissions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request

from migrate.demo.platform.filtration.access import client_address
from migrate.demo.platform.filtration.tokens import access_token
from tests.migrate.demo.platform.conftest import INTERNAL, JWT

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call


@pytest.mark.proof
@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/management/users", "Permission denied: member:list required"),
        ("/admin/roles", "Permission denied: role:list required"),
        ("/management/api-keys", "Permission denied: api_key:list required"),
        ("/audit/logs", "Operation not permitted. Required roles: [<RoleType.ADMIN: 'admin'>]"),
        ("/management/config/providers", "Only admins can view provider config"),
    ],
)
async def test_a_member_is_refused_in_the_platform_s_words(call: Call, path: str, detail: str) -> None:
    """403 names what is missing; an admin passes."""
    refused = await call("filtration", "GET", path, who="member")
    assert (refused.status_code, refused.json()) == (403, {"detail": detail})
    assert (await call("filtration", "GET", path, who="admin")).status_code == 200


async def test_a_role_s_permissions_are_those_of_now(call: Call, world: World) -> None:
    """A permission given after a token was issued counts for it."""
    world.roles.update("member", permissions=("member:list",))
    assert (await call("filtration", "GET", "/management/users", who="member")).status_code == 200


async def test_internal_account_routes_know_no_caller(call: Call) -> None:
    """Under /internal nobody reads the JWT, so what needs a caller fails."""
    answer = await call("filtration", "GET", "/internal/auth/me", who="admin", headers={"X-Internal-Key": INTERNAL})
    assert answer.status_code == 500


async def test_a_token_outlives_its_account(call: Call, world: World, seed: Seed) -> None:
    """What needs the account of a user that is gone is 404."""
    user = world.users.get(seed.member)
    assert user is not None
    token = access_token(JWT, user, "member", seed.organisation, int(time.time()))
    world.users.delete(seed.member)
    answer = await call("filtration", "GET", "/auth/me", who=token)
    assert (answer.status_code, answer.json()) == (404, {"detail": "User not found"})


def test_limits_count_the_first_forwarded_address() -> None:
    """X-Forwarded-For wins over the connection, its first element over the rest."""
    scope = {"type": "http", "headers": [(b"x-forwarded-for", b" 1.2.3.4 , 5.6.7.8")], "client": ("9.9.9.9", 1)}
    assert client_address(Request(scope)) == "1.2.3.4"
    assert client_address(Request(scope | {"headers": []})) == "9.9.9.9"
    assert client_address(Request(scope | {"headers": [], "client": None})) == "unknown"
