"""`cutover routes`: where every route stands, and what holds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.config import load_table
from gateway.core.errors import UsageError
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store, Target, read_store, targets
from migrate.rollout.choose import chosen, unknown
from migrate.standing.access import access_rows, access_table
from migrate.standing.rows import detail, rows, stage_table
from migrate.standing.terminal import printing
from reports.evidence import gather

if TYPE_CHECKING:
    from gateway.core.table import RouteTable


def routes(
    *,
    route: Annotated[str, typer.Argument(metavar="ROUTE", help="One route, or a glob; default: all.")] = "*",
    access: Annotated[bool, typer.Option("--access", help="Show who may call what instead.")] = False,
    target: Target = None,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Show each route's stage, share, match rate with its bound, latency ratio and blockers."""
    table = load_table(config)
    if access:
        _show_access(table, route, as_json=as_json)
        return
    selected = chosen(table, [route])
    with read_store(store) as connection:
        found = rows(table, gather(connection, table), selected, targets(target))
    if as_json:
        typer.echo(json.dumps([row.to_json() for row in found], indent=2))
        return
    with printing() as console:
        single = len(found) == 1 and found[0].route.id == route
        console.print(detail(found[0]) if single else stage_table(found))


def _show_access(table: RouteTable, glob: str, *, as_json: bool) -> None:
    found = access_rows(table, glob)
    if not found:
        raise UsageError(unknown(table, glob))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    with printing() as console:
        console.print(access_table(found, console.width))
