"""`cutover history`: every change of a flag, newest first."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.config import load_table
from gateway.core.errors import UsageError
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.rollout.choose import unknown
from migrate.rollout.move import standing

if TYPE_CHECKING:
    from gateway.flags.store import HistoryEntry


def history(
    *,
    route: Annotated[str | None, typer.Argument(metavar="ROUTE", help="One route's id; default: all.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 50,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Show who moved which route, when, from where to where, and why."""
    with closing(open_store(store, create=False)) as connection:
        entries = FlagStore(connection).history(route, limit + 1)
    older = len(entries) > limit
    entries = entries[:limit]
    if route and not entries:
        table = load_table(config)
        if route not in {known.id for known in table.select("*")}:
            raise UsageError(unknown(table, route))
    if as_json:
        typer.echo(json.dumps([{**asdict(entry.flag), "before": entry.before} for entry in entries], indent=2))
        return
    for entry in entries:
        typer.echo(_line(entry))
    if older:
        typer.echo("older changes are left out; --limit shows more", err=True)
    if not entries:
        typer.echo("no route was moved yet" if route is None else f"{route} was never moved")


def _line(entry: HistoryEntry) -> str:
    flag = entry.flag
    at = datetime.fromtimestamp(flag.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    forced = " [forced]" if flag.forced else ""
    move = f"{flag.route}: {entry.before} → {standing(flag)}{forced}"
    return f"{flag.revision:>5}  {at} UTC  {move}  {flag.by}: {flag.reason}"
