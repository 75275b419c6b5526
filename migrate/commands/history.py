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
from migrate.commands.moved import SUMMED_BEYOND, Verbose, counted, family
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.rollout.choose import unknown
from migrate.rollout.move import standing

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.flags.store import HistoryEntry


def history(
    *,
    route: Annotated[str | None, typer.Argument(metavar="ROUTE", help="One route, or a glob; default: all.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many lines, the newest.")] = 50,
    verbose: Verbose = False,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Show who moved which route, when, from where to where, and why."""
    with closing(open_store(store, create=False)) as connection:
        entries = FlagStore(connection).history(route, limit=None)
    if route and not entries:
        _refuse_unknown(config, route)
    if as_json:
        found = entries[:limit]
        typer.echo(json.dumps([{**asdict(entry.flag), "before": entry.before} for entry in found], indent=2))
        return
    lines = (
        _summed(entries) if len(entries) > SUMMED_BEYOND and not verbose else [_line([entry]) for entry in entries]
    )
    for line in lines[:limit]:
        typer.echo(line)
    if len(lines) > limit:
        typer.echo("older changes are left out; --limit shows more", err=True)
    if not lines:
        typer.echo("no route was moved yet" if route is None else f"{route} was never moved")


def _refuse_unknown(config: Path, route: str) -> None:
    table = load_table(config)
    if not table.select(route):
        raise UsageError(unknown(table, route))


def _summed(entries: list[HistoryEntry]) -> list[str]:
    """A line for the routes of one family that one command moved the same way."""
    alike: dict[tuple[object, ...], list[HistoryEntry]] = {}
    for entry in entries:
        flag = entry.flag
        key = (flag.revision, family(flag.route), entry.before, standing(flag), flag.forced)
        alike.setdefault(key, []).append(entry)
    return [_line(group) for group in alike.values()]


def _line(alike: list[HistoryEntry]) -> str:
    flag, before = alike[0].flag, alike[0].before
    at = datetime.fromtimestamp(flag.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    forced = " [forced]" if flag.forced else ""
    move = f"{counted([entry.flag.route for entry in alike])} {before} → {standing(flag)}{forced}"
    return f"{flag.revision:>5}  {at} UTC  {move}  {flag.by}: {flag.reason}"
