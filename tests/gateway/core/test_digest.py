from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.digest import route_digest, table_digest
from gateway.core.mirroring import Mirroring, PlatformLimit
from gateway.core.path import PathPattern
from gateway.core.policy import Limit, Policy
from gateway.core.routes import (
    Access,
    Authorization,
    Change,
    Effect,
    Move,
    Place,
    Route,
    Service,
    ShadowPolicy,
    Target,
    Timeouts,
    Where,
)
from gateway.core.table import RouteTable

ROUTE = Route(
    "pools.list",
    "orchestration",
    Target("GET", PathPattern("/listPools/{owner_id}")),
    Target("GET", PathPattern("/api/v1/pools")),
    Effect.READ,
    Access.JWT,
    moves=(Move(Place(Where.PATH, "owner_id"), Place(Where.QUERY, "owner_id")),),
)
SERVICE = Service("orchestration", "http://a:1", "http://a:1", Authorization.STRIP, "127.0.0.1:1")
TABLE = RouteTable("demo", {"orchestration": SERVICE}, (ROUTE,), limits={"read": Limit(10)})


def digest(table: RouteTable, route: Route = ROUTE, version: str = "1") -> str:
    """The digest under test."""
    return route_digest(table, route, version)


def test_a_digest_is_sixteen_hex_digits_and_stable() -> None:
    """The same table gives the same digest."""
    assert digest(TABLE) == digest(replace(TABLE))
    assert len(bytes.fromhex(digest(TABLE))) == 8


@pytest.mark.parametrize(
    "route",
    [
        replace(ROUTE, access=Access.PUBLIC),
        replace(ROUTE, effect=Effect.WRITE),
        replace(ROUTE, moves=()),
        replace(ROUTE, gateway=Target("GET", PathPattern("/api/v2/pools"))),
        replace(ROUTE, timeouts=Timeouts(idle=1)),
        replace(ROUTE, shadow=ShadowPolicy(identity={"$": "id"})),
        replace(ROUTE, scope=(Place(Where.QUERY, "owner_id"),)),
    ],
)
def test_what_decides_a_route_decides_its_digest(route: Route) -> None:
    """A route that behaves otherwise has another digest."""
    assert digest(TABLE, route) != digest(TABLE)


def test_service_policy_limits_version_and_build_are_part_of_it() -> None:
    """What stands around the route counts too."""
    others = [
        replace(TABLE, services={"orchestration": replace(SERVICE, authorization=Authorization.FORWARD)}),
        replace(TABLE, policy=Policy(max_body=1)),
        replace(TABLE, policy=Policy(build="2")),
        replace(TABLE, limits={"read": Limit(11)}),
    ]
    digests = {digest(table) for table in others} | {digest(TABLE, version="2"), digest(TABLE)}
    assert len(digests) == 6


def test_addresses_and_changes_are_no_part_of_it() -> None:
    """The same platform on other ports, and a declared difference, leave evidence as it is."""
    moved = replace(SERVICE, legacy="http://b:2", internal="http://c:3", shadow_listen="127.0.0.1:9")
    elsewhere = replace(
        TABLE,
        services={"orchestration": moved},
        policy=Policy(listen="0.0.0.0:1", internal_listen="0.0.0.0:2", public_url="https://gw"),
        changes=(Change("c", ("*",), "why", 500, 401),),
    )
    assert digest(elsewhere) == digest(TABLE)


def test_how_many_copies_are_made_is_no_part_of_it() -> None:
    """More second reads, or a limit that the platform turned out to have, leave evidence as it is."""
    often = replace(ROUTE, shadow=replace(ROUTE.shadow, second=1.0), platform_limit=PlatformLimit(60))
    limited = replace(TABLE, services={"orchestration": replace(SERVICE, platform_limit=PlatformLimit(60))})
    assert digest(TABLE, often) == digest(TABLE) == digest(limited)


def test_the_digest_of_a_table_covers_all_of_it() -> None:
    """Whatever a table says, an address or an intended difference too, is part of its digest; so is the version."""
    others = [
        replace(TABLE, platform="other"),
        replace(TABLE, services={"orchestration": replace(SERVICE, internal="http://c:3")}),
        replace(TABLE, routes=(replace(ROUTE, access=Access.PUBLIC),)),
        replace(TABLE, changes=(Change("c", ("*",), "why", 500, 401),)),
        replace(TABLE, limits={"read": Limit(11)}),
        replace(TABLE, policy=Policy(public_url="https://gw")),
    ]
    digests = {table_digest(table, "1") for table in [*others, TABLE, replace(TABLE)]} | {table_digest(TABLE, "2")}
    assert len(digests) == 8


def test_evidence_beside_another_gateway_is_evidence_of_its_own() -> None:
    """That the gateway is not ours counts; where it stands does not."""
    first, second = (replace(TABLE, mirroring=Mirroring(candidate=f"http://gw{number}.example")) for number in (1, 2))
    assert route_digest(first, ROUTE, "1") == route_digest(second, ROUTE, "1") != route_digest(TABLE, ROUTE, "1")
