"""A planted world whose services are called in process, and a platform in a child process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from migrate.demo.platform import Platform, Seed, running
from migrate.demo.platform.filtration.tokens import access_token
from migrate.demo.platform.planting import plant
from migrate.demo.platform.serve import applications
from migrate.demo.platform.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

JWT = "test-jwt-secret-0123456789abcdef0123456789abcdef"
INTERNAL = "test-internal-key"


class Call(Protocol):
    """`await call("filtration", "GET", "/auth/me", who="admin")`."""

    async def __call__(
        self, service: str, method: str, target: str, *, who: str = "", **given: Any
    ) -> httpx.Response:
        """Send one request in process; `who` is admin, member, foreign or `sk-…`."""
        ...


@pytest.fixture
def seed() -> Seed:
    """The default seed."""
    return Seed()


@pytest.fixture
def world(seed: Seed) -> World:
    """A planted world whose sidecar is said to stand at sidecar.test:3000."""
    made = World(jwt_secret=JWT, internal_key=INTERNAL, settle_seconds=0.3)
    plant(made, seed)
    made.addresses["sidecar"] = "sidecar.test:3000"
    return made


@pytest.fixture
def call(world: World, seed: Seed) -> Call:
    """The services of `world`, called in process; unhandled errors answer 500 as on the wire."""
    apps = applications(world)
    people = {"admin": seed.admin, "member": seed.member, "foreign": seed.foreign_user}

    def authorization(who: str) -> dict[str, str]:
        if who in people:
            user = world.users.get(people[who])
            row = world.memberships.first(lambda row: row.user == people[who])
            assert user is not None
            assert row is not None
            token = access_token(JWT, user, row.role, row.organisation, int(time.time()))
            return {"Authorization": f"Bearer {token}"}
        return {"Authorization": f"Bearer {who}"} if who else {}

    async def calling(service: str, method: str, target: str, *, who: str = "", **given: Any) -> httpx.Response:
        headers = authorization(who) | given.pop("headers", {})
        transport = httpx.ASGITransport(apps[service], raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as client:
            return await client.request(method, target, headers=headers, **given)

    return calling


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    """A platform in a child process, shared by all tests that only add to it."""
    with running(login_limit=1000) as started:
        yield started
