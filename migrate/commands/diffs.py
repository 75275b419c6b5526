"""`cutover diffs`: what differs, and what nobody has explained yet."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from gateway import __version__
from gateway.config import load_table
from gateway.core.digest import route_digest
from gateway.core.errors import UsageError
from gateway.core.observation import Verdict  # noqa: TC001 - Typer reads annotations
from gateway.store.browse import Wanted
from gateway.store.database import open_store
from gateway.store.observations import rules
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.review import find
from migrate.rollout.choose import chosen
from migrate.standing.terminal import width
from migrate.when import when
from reports import diff_report, noise, render_json, render_text, samples
from reports.evidence import gather
from reports.explained import Explanations

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from gateway.core.observation import Observation
    from gateway.core.table import RouteTable

_SAMPLES = 3
_ROWS = 20


def diffs(
    *,
    route: Annotated[str, typer.Argument(metavar="ROUTE", help="One route, or a glob; default: all.")] = "*",
    signature: Annotated[str, typer.Option("--signature", "-s", help="Show samples of one signature.")] = "",
    verdict: Annotated[Verdict | None, typer.Option("--verdict", help="List observations with this verdict.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Explained signatures too.")] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="Seen since then: 2h, 7d, 2030-01-31T10:00 (UTC).")
    ] = "",
    until: Annotated[str, typer.Option("--until", metavar="WHEN", help="Seen before then.")] = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Signatures per route, or samples.")] = None,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """List the open differences per route; `report diffs` judges them by exit code."""
    table = load_table(config)
    wanted = _wanted(tuple(item.id for item in chosen(table, [route])), since, until)
    with closing(open_store(store, create=False)) as connection:
        if signature:
            parts = _samples(connection, table, signature, wanted, limit or _SAMPLES, as_json=as_json)
        elif verdict:
            parts = _observed(connection, table, wanted, verdict, limit or _ROWS, as_json=as_json)
        else:
            parts = _listed(connection, table, wanted, limit, every=every, as_json=as_json)
        for part in parts:
            typer.echo(part, nl=False)
    typer.echo()


def _wanted(names: tuple[str, ...], since: str, until: str) -> Wanted:
    now = time.time()
    wanted = Wanted(names, when("--since", since, now), when("--until", until, now))
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise UsageError(f"--since {since} is not before --until {until}; nothing lies between them")
    return wanted


def _listed(
    connection: sqlite3.Connection,
    table: RouteTable,
    wanted: Wanted,
    limit: int | None,
    *,
    every: bool,
    as_json: bool,
) -> Iterable[str]:
    report = diff_report.build(connection, gather(connection, table), wanted.routes)
    report = diff_report.between(report, wanted.since, wanted.until)
    if as_json:
        return [render_json.text(render_json.diffs(report))]
    return [render_text.diffs(report, every=every, limit=limit, width=width())]


def _samples(
    connection: sqlite3.Connection, table: RouteTable, beginning: str, wanted: Wanted, limit: int, *, as_json: bool
) -> Iterable[str]:
    subject = find(connection, beginning)
    wanted = replace(wanted, routes=(subject.route,), signature=subject.signature)
    found = islice(samples.samples(connection, _explanations(connection, table), wanted), limit)
    if as_json:
        return _streamed(found)
    return [render_text.samples(found, subject.signature, width=width())]


def _observed(
    connection: sqlite3.Connection,
    table: RouteTable,
    wanted: Wanted,
    verdict: Verdict,
    limit: int,
    *,
    as_json: bool,
) -> Iterable[str]:
    found = islice(samples.samples(connection, _explanations(connection, table), wanted, verdict), limit)
    if as_json:
        return _streamed(found)
    return [render_text.observed(found, verdict, width=width())]


def _streamed(found: Iterable[Observation]) -> Iterator[str]:
    return render_json.samples(found, time.time())


def _explanations(connection: sqlite3.Connection, table: RouteTable) -> Explanations:
    digests = {route.id: route_digest(table, route, __version__) for route in table.select("*")}
    changes = (change.id for change in table.changes)
    return Explanations(rules(connection), changes, time.time(), noise.by_signature(connection, digests))
