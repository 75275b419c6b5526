"""What a table leaves unsaid about who may: nothing wrong, and worth a look."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from gateway.core.permissions import AUTHENTICATED, grants
from gateway.core.routes import Access

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable


def warnings(table: RouteTable) -> list[str]:
    """One line for each route whose permission or scope is not said, or whose permission no role holds.

    And one where the internal listener takes calls from everywhere.
    """
    known = table.policy.permissions
    guarded = bool(known.roles or known.refresh)
    found = list(_open_inside(table.policy.internal_listen))
    for route in table.routes:
        if route.access is not Access.JWT:
            continue
        if guarded and not route.permission:
            found.append(f"route {route.id} has no permission: any valid token will do; say so with {AUTHENTICATED}")
        if is_by_id(route) and not (route.scope or route.lookups or route.tenancy):
            found.append(f"route {route.id} names an id and no scope: say whose it is, or who keeps tenants apart")
        if _nobody_may(table, route):
            found.append(f"route {route.id} needs {route.permission}, which no role of the file holds")
    return found


def _open_inside(listen: str) -> Iterator[str]:
    host = listen.rpartition(":")[0].strip("[]")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if address.is_unspecified or address.is_global:
        yield f"internal_listen {listen} takes copies and shows metrics: let no stranger's network reach it"


def is_by_id(route: Route) -> bool:
    """Whether the gateway path of a route names something."""
    return route.gateway is not None and bool(route.gateway.path.names)


def _nobody_may(table: RouteTable, route: Route) -> bool:
    known = table.policy.permissions
    if route.permission in {"", AUTHENTICATED}:
        return False
    return not any(grants(held, route.permission, known.everything) for held in known.roles.values())
