from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Exchange, Request, Response
from gateway.core.mirroring import Mirroring, PlatformLimit
from shadow.allowance import BURST
from shadow.discipline import MOST, Discipline, Grant
from shadow.envelope import Copy
from shadow.plan import Copying
from tests.shadow.cases import TABLE

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

LIST = next(route for route in TABLE.routes if route.id == "items.list")


def copy(first_byte: float = 0.0, copying: Copying = Copying.READ) -> Copy:
    """A copy whose primary answer began after so many seconds."""
    exchange = Exchange("x", "api", Request("GET", "/items"), Response(200), 0.0, first_byte, first_byte)
    return Copy("items.list", {}, copying, "u", exchange)


def limited(*, service: int = 0, route: int = 0, **mirroring: Any) -> tuple[RouteTable, Route]:
    """The small platform, its service or its list route with so many requests a minute."""
    own = replace(LIST, platform_limit=PlatformLimit(route) if route else None)
    api = replace(TABLE.services["api"], platform_limit=PlatformLimit(service) if service else None)
    routes = tuple(own if one.id == own.id else one for one in TABLE.routes)
    services = {**TABLE.services, "api": api}
    return replace(TABLE, routes=routes, services=services, mirroring=Mirroring(**mirroring)), own


def granted(discipline: Discipline, route: Route, times: int) -> list[str]:
    """What so many copies are told, one request of each used; empty where it may be made."""
    told = []
    for _ in range(times):
        grant = discipline.grant(route)
        if isinstance(grant, Grant):
            grant.use()
            grant.close()
        told.append(grant if isinstance(grant, str) else "")
    return told


def test_a_limit_of_the_platform_is_kept_to_a_tenth() -> None:
    """On a service and on a route, the tighter one; what a copy does not ask goes back at once."""
    for values in ({"service": 60}, {"route": 60}, {"service": 600, "route": 60}):
        table, route = limited(**values)
        told = granted(Discipline(table, lambda: 0.0), route, 6)
        assert told == ["", "", "", "", "platform-limit", "platform-limit"], values


def test_a_refused_copy_takes_nothing_from_the_other_limit() -> None:
    """What the service's limit gave is given back when the route's refuses."""
    table, route = limited(service=120, route=40)
    discipline = Discipline(table, lambda: 0.0)
    assert granted(discipline, route, 40).count("") == 2
    other = replace(route, id="items.get")
    assert granted(discipline, other, 40).count("") == 8


def test_a_small_limit_grants_what_it_has() -> None:
    """Where a tenth is one request, a copy asks once and nobody is asked again."""
    table, route = limited(route=10)
    grant = Discipline(table, lambda: 0.0).grant(route)
    assert isinstance(grant, Grant)
    assert [grant.use(), grant.use()] == [True, False]


def test_added_load_stays_below_its_share() -> None:
    """A thousand costly copies: three requests each are granted only as far as clients have earned them."""
    table, route = limited(load=0.5)
    discipline, made = Discipline(table, lambda: 0.0), 0
    for _ in range(1000):
        discipline.seen(route, copy())
        grant = discipline.grant(route)
        if isinstance(grant, Grant):
            made += sum(grant.use() for _ in range(MOST))
    assert 0.45 * 1000 < made <= 0.5 * 1000 + BURST
    assert discipline.grant(route) == "load"


def test_a_slow_platform_gets_fewer_copies() -> None:
    """What clients wait for decides; what the gateway served tells nothing of the platform."""
    table, route = limited(slow=2.0, load=3.0)
    clock = iter(range(10_000))
    discipline = Discipline(table, lambda: float(next(clock)))
    for _ in range(22):
        discipline.seen(route, copy(0.1))
    for _ in range(22):
        discipline.seen(route, copy(9.0, Copying.SERVED))
    assert granted(discipline, route, 20).count("adaptive") == 0
    for _ in range(44):
        discipline.seen(route, copy(0.9))
    assert granted(discipline, route, 20).count("adaptive") >= 18
    assert discipline.paces["compute"].share == 1.0


def test_it_can_be_switched_off() -> None:
    """With `slow: off` no pace is kept."""
    table, route = limited(slow=0.0)
    discipline = Discipline(table, lambda: 0.0)
    for seconds in (0.1, 9.0) * 30:
        discipline.seen(route, copy(seconds))
    assert discipline.paces == {}
    assert granted(discipline, route, 5) == [""] * 5
