from __future__ import annotations

import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.app import build_app
from gateway.config import load_table
from gateway.core.permissions import AUTHENTICATED, Permissions
from gateway.core.routes import Kind, Stage
from gateway.server import serving
from migrate.demo.platform.launch import running as platform_running
from migrate.probe import identity, tenant
from migrate.probe.access import ANONYMOUS
from migrate.probe.asker import Asker
from migrate.probe.credentials import Credentials, every_role
from migrate.probe.result import GATEWAY, NotAsked, ProbeResult
from migrate.probe.rights import FOREIGN, ROLE, foreign, looks_up, needs_permission, own_id, wrong_role
from migrate.probe.run import planned, run
from migrate.probe.setting import Setting
from migrate.probe.tokens import claims, signed
from tests.apps.faulty_gateway import faulty
from tests.apps.probed import INFERIA, altered, inferia, probed
from tests.apps.table import flags, settings, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from migrate.demo.platform.launch import Platform
    from migrate.probe.result import ProbeRun

SHIPPED = inferia()
GUARDED = [route for route in SHIPPED.routes if needs_permission(route)]
LOOKED_UP = [route for route in SHIPPED.routes if looks_up(route)]


def test_what_they_apply_to() -> None:
    """Roles where a permission decides, owners where one is looked up; a socket takes a ticket."""
    assert {route.id for route in GUARDED} > {"pools.delete", "deployments.get", "users.list"}
    assert {route.id for route in LOOKED_UP} > {"pools.delete", "deployments.get", "api-keys.delete"}
    sockets = [route for route in SHIPPED.routes if route.kind is Kind.WEBSOCKET]
    assert not [route for route in sockets if needs_permission(route) or looks_up(route)]
    assert not needs_permission(SHIPPED.route("auth.me") or sockets[0])


async def test_the_right_gateway_passes() -> None:
    """On every route; nothing but reads is delivered."""
    async with probed() as at:
        for route in GUARDED:
            assert (found := await wrong_role(at.setting, at.route(route.id))).passed, found  # type: ignore[union-attr]
        for route in LOOKED_UP:
            assert (found := await foreign(at.setting, at.route(route.id))).passed, found  # type: ignore[union-attr]
        assert {seen.method for seen in at.upstream.seen} == {"GET"}


async def test_a_gateway_that_lets_everybody_in_is_found() -> None:
    """On every route, by both."""
    async with probed(fault="authorisation") as at:
        for route in GUARDED:
            found = await wrong_role(at.setting, at.route(route.id))
            assert isinstance(found, ProbeResult)
            assert (found.passed, found.location, found.seen) == (False, "status", "200"), route.id
        for route in LOOKED_UP:
            found = await foreign(at.setting, at.route(route.id))
            assert isinstance(found, ProbeResult)
            assert (found.passed, found.location, found.seen) == (False, "status", "200"), route.id
        assert {seen.method for seen in at.upstream.seen} <= {"GET"}


@pytest.mark.parametrize(
    ("name", "changes", "seen"),
    [
        ("roles.create", {"permission": ""}, "200"),
        ("roles.create", {"permission": AUTHENTICATED}, "200"),
        ("pools.delete", {"permission": "deployment:list"}, "404"),
        ("pools.inventory", {"permission": "admin:all"}, "403"),
    ],
)
async def test_a_wrong_permission_is_found(name: str, changes: dict[str, Any], seen: str) -> None:
    """Too little, and too much: refusing everybody is no pass."""
    async with probed(change=altered(name, **changes)) as at:
        found = await wrong_role(at.setting, at.route(name))
        assert isinstance(found, ProbeResult)
        assert (found.passed, found.probe, found.seen) == (False, ROLE, seen)


async def test_a_role_with_more_than_the_file_says_is_found() -> None:
    """The gateway goes by what the platform says; the file should follow."""
    more = Permissions({**SHIPPED.policy.permissions.roles, "member": ("*",)}, "admin:all")

    def change(table: RouteTable) -> RouteTable:
        return replace(table, policy=replace(table.policy, permissions=more))

    async with probed(change=change) as at:
        found = await wrong_role(at.setting, at.route("pools.delete"))
        assert isinstance(found, ProbeResult)
        assert (found.passed, found.detail.partition(";")[0]) == (False, "as member")


@pytest.mark.parametrize("name", ["pools.delete", "deployments.get"])
async def test_a_gateway_that_does_not_look_is_found(name: str) -> None:
    """Also where the right roles are asked for."""
    async with probed(change=altered(name, lookups=())) as at:
        found = await foreign(at.setting, at.route(name))
        assert isinstance(found, ProbeResult)
        assert (found.passed, found.probe, found.seen) == (False, FOREIGN, "200")


async def test_without_the_secret_they_are_not_asked() -> None:
    """A token of each role can be made with it only."""
    async with probed(credentials=Credentials(token())) as at:
        for ask in (wrong_role, foreign):
            assert isinstance(await ask(at.setting, at.route("pools.delete")), NotAsked)


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """The stand-in platform, for all tests here."""
    with platform_running() as found:
        yield found


@asynccontextmanager
async def before(platform: Platform, fault: str = "") -> AsyncIterator[Setting]:
    """A gateway before the stand-in platform, with roles as the platform says, and its admin to probe with."""
    shipped = inferia()
    services = {
        name: replace(service, internal=platform.urls[name], legacy=platform.urls[name])
        for name, service in shipped.services.items()
    }
    policy = replace(shipped.policy, permissions=load_table(INFERIA).policy.permissions)
    table = replace(shipped, services=services, policy=policy, limits={})
    keys = settings(jwt_secret=platform.jwt_secret, internal_key=platform.internal_key)
    snapshot, seed, now = flags(table, Stage.GATEWAY), platform.seed, time.time()
    build = faulty(table, keys, lambda: snapshot, fault) if fault else build_app(table, keys, lambda: snapshot)
    own = {**claims(now, seed.organisation), "sub": seed.admin}
    known = Credentials(
        signed(platform.jwt_secret, {**own, "roles": ["admin"]}),
        signed(platform.jwt_secret, claims(now, seed.foreign_organisation)),
        platform.jwt_secret,
        allowed=signed(platform.jwt_secret, {**own, "roles": every_role(table)}),
    )
    async with serving(build, "127.0.0.1:0", "127.0.0.1:0") as bound:
        yield Setting(
            table,
            snapshot,
            Asker([bound.public, bound.internal]),
            known,
            public=bound.public,
            internal=bound.internal,
            services=platform.urls,
            mark_key=keys.mark_key,
            fingerprint_key=keys.fingerprint_key,
        )


async def probes(setting: Setting, *names: str) -> ProbeRun:
    """A run of the probes with these names."""
    plan = [(probe, route) for probe, route in planned(setting.table, GATEWAY) if probe.name in names]
    return await run(setting, GATEWAY, plan, lambda _: None)


async def test_before_the_platform_every_probe_of_access_passes(platform: Platform) -> None:
    """With what its admin's organisation has, a stranger to it, and roles as the platform says; no write arrives."""
    platform.forget()
    async with before(platform) as setting:
        found = await probes(setting, ANONYMOUS, identity.NAME, ROLE, FOREIGN, tenant.NAME)
        assert found.passed, [(one.probe, one.route, one.seen, one.detail) for one in found.failed][:9]
    assert {entry["method"] for entry in platform.deliveries()} == {"GET"}


async def test_before_the_platform_a_gateway_that_lets_everybody_in_fails(platform: Platform) -> None:
    """On every route that asks for a permission or an owner; and no write arrives."""
    platform.forget()
    async with before(platform, "authorisation") as setting:
        found = await probes(setting, ROLE, FOREIGN)
        asked = {(ROLE, route.id) for route in GUARDED} | {(FOREIGN, route.id) for route in LOOKED_UP}
        assert {(one.probe, one.route) for one in found.failed} == asked
    assert {entry["method"] for entry in platform.deliveries()} == {"GET"}


@pytest.mark.proof
@pytest.mark.parametrize("route", LOOKED_UP, ids=lambda route: route.id)
async def test_the_probe_asks_for_what_is_really_there(platform: Platform, route: Route) -> None:
    """An id of the probe's own organisation, from the list that is looked up or its family's."""
    async with before(platform) as setting:
        found = await own_id(setting, route.lookups[-1])
        assert found
        assert found in json.dumps(vars(platform.seed)) or route.lookups[-1].route == "pools.list"


async def test_a_token_of_nobody_has_nothing() -> None:
    """Then only what does not exist is asked for."""
    async with probed() as at:
        lookup = at.route("pools.delete").lookups[0]
        assert await own_id(replace(at.setting, credentials=Credentials("t", made=True)), lookup) == ""
        assert await own_id(at.setting, lookup) == ""
