"""The dashboard's pages as calls on the legacy paths; the gateway's are derived from the route table."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Request
from gateway.core.mapping import MappingError, to_gateway
from gateway.core.routes import Access, Effect, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Learn:
    """What a later call takes from an answer: member `key` of each item of the list at `member` (empty: the root)."""

    variable: str
    member: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One GET of the dashboard on a service's legacy path; `{name}` stands for a variable.

    `fine` are error statuses that legacy always answers here and the dashboard lives with.
    """

    service: str
    target: str
    learn: Learn | None = None
    fine: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page: waves of calls; those of one wave go out together. `weight` is how often it is opened."""

    name: str
    weight: int
    waves: tuple[tuple[Call, ...], ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """A call with its variables filled in, as each side wants it. `path` is relative to the side's address."""

    route: Route
    call: Call
    legacy: str
    gateway: str


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


def ready(table: RouteTable, call: Call, variables: Mapping[str, str]) -> Ready | None:
    """The call on both sides, or None when a variable is unknown or the table has no exposed route for it."""
    if call.service not in table.services or any(name not in variables for name in _names(call.target)):
        return None
    request = Request("GET", _fill(call.target, variables))
    matched = table.legacy(call.service).find("GET", request.path)
    if matched is None or matched.route.gateway is None:
        return None
    try:
        mapped = to_gateway(matched.route, matched.parameters, request)
    except MappingError:
        return None
    return Ready(matched.route, call, request.target, mapped.target)


def routes_of(table: RouteTable, pages: Iterable[Page]) -> tuple[Route, ...]:
    """The routes that these pages call, each once, in the order of first use."""
    found: dict[str, Route] = {}
    for page in pages:
        for call in (call for wave in page.waves for call in wave):
            prepared = ready(table, call, _any_value(call))
            if prepared:
                found.setdefault(prepared.route.id, prepared.route)
    return tuple(found.values())


def learned(learn: Learn, body: bytes) -> tuple[str, ...]:
    """The values an answer teaches; none when it is not of the expected form."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        return ()
    if learn.member:
        document = document.get(learn.member) if isinstance(document, dict) else None
    if not isinstance(document, list):
        return ()
    values = (item.get(learn.key) if learn.key and isinstance(item, dict) else item for item in document)
    return tuple(value for value in values if isinstance(value, str) and value)


def time_range(now: float) -> dict[str, str]:
    """The last seven days as the dashboard writes them: ISO 8601 with milliseconds and Z."""
    end = datetime.fromtimestamp(now, UTC)
    return {"start": _stamp(end - timedelta(days=7)), "end": _stamp(end)}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _reduced(table: RouteTable, page: Page, left_out: Collection[str]) -> Page:
    def kept(call: Call) -> bool:
        found = ready(table, call, _any_value(call))
        return found is not None and found.route.id not in left_out

    waves = (tuple(call for call in wave if kept(call)) for wave in page.waves)
    return Page(page.name, page.weight, tuple(wave for wave in waves if wave))


_VARIABLE = re.compile(r"\{(\w+)\}")


def _names(target: str) -> list[str]:
    return _VARIABLE.findall(target)


def _fill(target: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables[found[1]], target)


def _any_value(call: Call) -> dict[str, str]:
    return dict.fromkeys(_names(call.target), "any")
