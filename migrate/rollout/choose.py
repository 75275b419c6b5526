"""Which routes a command line means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.errors import UsageError
from gateway.core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable


def chosen(table: RouteTable, globs: Iterable[str]) -> list[Route]:
    """The exposed routes that ids and globs name, in table order, each once.

    Raises:
        UsageError: one of them names no exposed route; the nearest id is suggested.
    """
    wanted = list(globs)
    for glob in wanted:
        if not table.select(glob):
            raise UsageError(unknown(table, glob))
    return list(table.select(*wanted))


def unknown(table: RouteTable, name: str) -> str:
    """What to tell somebody who named a route that is not there."""
    if (found := table.route(name)) is not None and found.gateway is None:
        return f"route {name} is internal: it is never exposed and has no stage"
    meant = nearest(name, (route.id for route in table.select("*")))
    return f"no route {name!r}; " + (f"did you mean {meant}?" if meant else "`cutover routes` lists them")
