"""Who may call what: one row for each route, internal ones too."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rich.table import Table

from gateway.core.permissions import AUTHENTICATED, grants
from gateway.core.routes import Access

if TYPE_CHECKING:
    from gateway.core.routes import Lookup, Route
    from gateway.core.table import RouteTable

_NARROW, _GAPS = 8, 7
ANYBODY, ANY_ROLE, KEY_HOLDERS, NOBODY = "anybody", "any role", "key holders", "nobody"


def access_rows(table: RouteTable, glob: str = "*") -> list[dict[str, Any]]:
    """JSON rows: route, both targets (gateway None: never exposed), access, permission, who may, scope, limit.

    `roles` are those of the file that may; None where roles do not decide.
    """
    return [
        {
            "route": route.id,
            "service": route.service,
            "gateway": str(route.gateway) if route.gateway else None,
            "legacy": str(route.legacy),
            "access": str(route.access),
            "effect": str(route.effect),
            "permission": route.permission,
            "who": who(table, route),
            "roles": roles(table, route),
            "scope": scope(route),
            "limit": route.limit,
            "authorization": str(table.services[route.service].authorization),
        }
        for route in table.routes
        if fnmatchcase(route.id, glob)
    ]


def roles(table: RouteTable, route: Route) -> list[str] | None:
    """The roles of the file that hold the route's permission; None where roles do not decide."""
    if route.access is not Access.JWT or route.permission in {"", AUTHENTICATED}:
        return None
    known = table.policy.permissions
    return [role for role, held in known.roles.items() if grants(held, route.permission, known.everything)]


def who(table: RouteTable, route: Route) -> str:
    """Who may call the route, in words."""
    if route.gateway is None:
        return NOBODY
    if route.access is not Access.JWT:
        return ANYBODY if route.access is Access.PUBLIC else KEY_HOLDERS
    named = roles(table, route)
    return ANY_ROLE if named is None else ", ".join(named) or NOBODY


def scope(route: Route) -> list[str]:
    """What must be the caller's own, in words: places, what is looked up, or who else keeps tenants apart."""
    return [
        *(str(place) for place in route.scope),
        *(f"{place} = own id" for place in route.own),
        *(_looked_up(lookup) for lookup in route.lookups),
        *([str(route.tenancy)] if route.tenancy else []),
    ]


def _looked_up(lookup: Lookup) -> str:
    verb = "in" if lookup.member else "by"
    return f"{lookup.parameter} {verb} {lookup.route}"


def access_table(rows: list[dict[str, Any]], width: int = 120) -> Table:
    """The same rows for people, on so many columns; 80 are enough for names as long as the preset's."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    route, permission = _longest(rows, "route"), _longest(rows, "permission")
    own = max((len(word) for row in rows for word in ", ".join(row["scope"]).split()), default=0)
    shown.add_column("route", no_wrap=True)
    shown.add_column("needs", min_width=permission, overflow="fold")
    # The rest is shared so that no word of the last column is cut.
    shown.add_column("who may", max_width=max(_NARROW, width - route - permission - own - _GAPS))
    shown.add_column("own", min_width=own)
    for row in rows:
        shown.add_row(row["route"], needs(row), row["who"], ", ".join(row["scope"]))
    return shown


def _longest(rows: list[dict[str, Any]], key: str) -> int:
    return max((len(row[key]) for row in rows), default=0)


def needs(row: dict[str, Any]) -> str:
    """What the caller must show, in words: a permission means a token whose roles hold it."""
    if row["gateway"] is None:
        return f"never exposed ({row['legacy']})"
    if row["access"] != Access.JWT:
        return "nothing" if row["access"] == Access.PUBLIC else "an API key"
    return "a valid token" if row["permission"] in {"", AUTHENTICATED} else str(row["permission"])
