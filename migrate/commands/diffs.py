"""`cutover diffs`: what differs, and what nobody has explained yet."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from gateway import __version__
from gateway.config import load_table
from gateway.core.digest import route_digest
from gateway.core.observation import Verdict  # noqa: TC001 - Typer reads annotations
from gateway.store.browse import Wanted
from gateway.store.database import open_store
from gateway.store.observations import rules
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.review import find
from migrate.rollout.choose import chosen
from migrate.standing.terminal import width
from reports import diff_report, noise, render_json, render_text, samples
from reports.evidence import gather
from reports.explained import Explanations

if TYPE_CHECKING:
    import sqlite3

    from gateway.core.table import RouteTable

_SAMPLES = 3
_ROWS = 20


def diffs(
    *,
    route: Annotated[str, typer.Argument(metavar="ROUTE", help="One route, or a glob; default: all.")] = "*",
    signature: Annotated[str, typer.Option("--signature", "-s", help="Show samples of one signature.")] = "",
    verdict: Annotated[Verdict | None, typer.Option("--verdict", help="List observations with this verdict.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Explained signatures too.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Signatures per route, or samples.")] = None,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """List the open differences per route; `report diffs` judges them by exit code."""
    table = load_table(config)
    names = tuple(item.id for item in chosen(table, [route]))
    with closing(open_store(store, create=False)) as connection:
        if signature:
            text = _samples(connection, table, signature, limit or _SAMPLES, as_json=as_json)
        elif verdict:
            text = _observed(connection, table, names, verdict, limit or _ROWS, as_json=as_json)
        else:
            text = _listed(connection, table, names, limit, every=every, as_json=as_json)
    typer.echo(text)


def _listed(
    connection: sqlite3.Connection,
    table: RouteTable,
    names: tuple[str, ...],
    limit: int | None,
    *,
    every: bool,
    as_json: bool,
) -> str:
    report = diff_report.build(connection, gather(connection, table), names)
    if as_json:
        return render_json.text(render_json.diffs(report))
    return render_text.diffs(report, every=every, limit=limit, width=width())


def _samples(connection: sqlite3.Connection, table: RouteTable, beginning: str, limit: int, *, as_json: bool) -> str:
    subject = find(connection, beginning)
    explanations = _explanations(connection, table)
    wanted = Wanted(routes=(subject.route,), signature=subject.signature)
    found = islice(samples.samples(connection, explanations, wanted), limit)
    if as_json:
        return render_json.text(render_json.samples(found, time.time()))
    return render_text.samples(found, subject.signature, width=width())


def _observed(
    connection: sqlite3.Connection,
    table: RouteTable,
    names: tuple[str, ...],
    verdict: Verdict,
    limit: int,
    *,
    as_json: bool,
) -> str:
    explanations = _explanations(connection, table)
    found = islice(samples.samples(connection, explanations, Wanted(routes=names), verdict), limit)
    if as_json:
        return render_json.text(render_json.samples(found, time.time()))
    return render_text.observed(found, verdict, width=width())


def _explanations(connection: sqlite3.Connection, table: RouteTable) -> Explanations:
    digests = {route.id: route_digest(table, route, __version__) for route in table.select("*")}
    changes = (change.id for change in table.changes)
    return Explanations(rules(connection), changes, time.time(), noise.by_signature(connection, digests))
