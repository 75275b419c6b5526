"""Who may call what: one row for each route, internal ones too."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from gateway.core.table import RouteTable


def access_rows(table: RouteTable, glob: str = "*") -> list[dict[str, Any]]:
    """JSON rows: route, gateway target (None: never exposed), legacy target, access, scope, limit, Authorization."""
    return [
        {
            "route": route.id,
            "service": route.service,
            "gateway": str(route.gateway) if route.gateway else None,
            "legacy": str(route.legacy),
            "access": str(route.access),
            "effect": str(route.effect),
            "scope": [str(place) for place in route.scope],
            "limit": route.limit,
            "authorization": str(table.services[route.service].authorization),
        }
        for route in table.routes
        if fnmatchcase(route.id, glob)
    ]


def access_table(rows: list[dict[str, Any]]) -> Table:
    """The same rows for people."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("route", "gateway", "access", "effect", "own organisation in", "limit", "Authorization"):
        shown.add_column(title, no_wrap=title == "route")
    for row in rows:
        shown.add_row(
            row["route"],
            row["gateway"] or f"never exposed ({row['legacy']})",
            row["access"],
            row["effect"],
            ", ".join(row["scope"]),
            row["limit"],
            row["authorization"],
        )
    return shown
