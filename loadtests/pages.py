"""The dashboard's pages as calls on the legacy paths; the gateway's are derived from the route table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.routes import Access, Effect, Kind
from loadtests.calls import Call, Learn, route_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Page:
    """One page: waves of calls; those of one wave go out together. `weight` is how often it is opened."""

    name: str
    weight: int
    waves: tuple[tuple[Call, ...], ...]


_DEPLOYMENTS = Call(
    "orchestration", "/deployment/deployments?org_id={org}", Learn("deployment", "deployments", "deployment_id")
)
_POOLS = Call("orchestration", "/deployment/listPools/{org}", Learn("pool", "pools", "pool_id"))
_RANGE = "start_time={start}&end_time={end}"


def _filtration(*targets: str) -> tuple[Call, ...]:
    return tuple(Call("filtration", target) for target in targets)


SIGN_IN = ("filtration", "/auth/login")
FIRST = Page("first", 0, (_filtration("/auth/me", "/auth/organizations"),))
"""What every page load asks before anything else."""

DASHBOARD = (
    Page("overview", 6, (
        (
            *_filtration("/management/organizations/me", "/management/deployments/recent-logs?limit=5"),
            Call("filtration", "/management/audit/logs?limit=5", fine=(_NOT_FOUND,)),
            _DEPLOYMENTS,
            _POOLS,
        ),
    )),
    Page("deployments", 5, ((_DEPLOYMENTS,),)),
    Page("deployment", 5, (
        (_DEPLOYMENTS,),
        (
            Call("orchestration", "/deployment/status/{deployment}"),
            Call("filtration", "/management/deployments/{deployment}/logs", fine=(_NOT_FOUND,)),
        ),
        _filtration(*(
            f"/management/config/{kind}?deployment_id={{deployment}}"
            for kind in ("guardrail", "rag", "prompt_template", "rate_limit")
        )),
    )),
    Page("pools", 3, ((_POOLS,), (Call("orchestration", "/deployment/list/pool/{pool}/inventory"),))),
    Page("insights", 4, (
        _filtration(
            f"/management/insights/summary?{_RANGE}&status=all",
            f"/management/insights/timeseries?{_RANGE}&status=all&granularity=day",
            f"/management/insights/top-ips?{_RANGE}&status=all",
            f"/management/insights/top-models?{_RANGE}&status=all",
            f"/management/insights/filters?{_RANGE}",
            f"/management/insights/logs?{_RANGE}&status=all&limit=20&offset=0",
        ),
    )),
    Page("api-keys", 2, (_filtration("/management/api-keys"),)),
    Page("users", 1, (_filtration("/management/users", "/management/invitations", "/admin/roles"),)),
    Page("roles", 1, (_filtration("/admin/roles", "/admin/roles/permissions/list"),)),
    Page("templates", 1, (_filtration("/management/templates"),)),
    Page("knowledge", 1, (
        (Call("filtration", "/management/data/collections", Learn("collection")),),
        _filtration("/management/data/collections/{collection}/files"),
    )),
    Page("organization", 1, (
        _filtration("/management/organizations/me", "/management/config/quota", "/management/config/quota/usage"),
    )),
    Page("audit", 1, (_filtration("/audit/logs?skip=0&limit=20"),)),
    Page("status", 1, (
        (
            *_filtration("/health"),
            Call("orchestration", "/deployment/listPools/health-check"),
            Call("data", "/health"),
            Call("guardrail", "/health"),
            Call("sidecar", "/health"),
        ),
    )),
)  # fmt: skip


def pages_for(table: RouteTable, left_out: Collection[str] = ()) -> tuple[Page, ...]:
    """The dashboard's pages with the calls this table routes; for another platform, its reads without parameters."""
    kept = tuple(page for page in (_reduced(table, page, left_out) for page in (FIRST, *DASHBOARD)) if page.waves)
    if any(page.weight for page in kept):
        return kept
    return tuple(
        Page(route.id, 1, ((Call(route.service, route.legacy.path.text),),))
        for route in table.routes
        if plain_read(route) and route.id not in left_out
    )


def plain_read(route: Route) -> bool:
    """Whether the route can be asked with nothing but its path: an exposed GET that reads and has no parameters."""
    return (
        route.gateway is not None
        and route.legacy.method == route.gateway.method == "GET"
        and route.effect is Effect.READ
        and route.kind is Kind.HTTP
        and route.access in {Access.PUBLIC, Access.JWT}
        and not route.legacy.path.names
        and not route.gateway.path.names
    )


def routes_of(table: RouteTable, pages: Iterable[Page]) -> tuple[Route, ...]:
    """The routes that these pages call, each once, in the order of first use."""
    found: dict[str, Route] = {}
    for page in pages:
        for call in (call for wave in page.waves for call in wave):
            route = route_of(table, call)
            if route:
                found.setdefault(route.id, route)
    return tuple(found.values())


def _reduced(table: RouteTable, page: Page, left_out: Collection[str]) -> Page:
    def kept(call: Call) -> bool:
        route = route_of(table, call)
        return route is not None and route.id not in left_out

    waves = (tuple(call for call in wave if kept(call)) for wave in page.waves)
    return Page(page.name, page.weight, tuple(wave for wave in waves if wave))
