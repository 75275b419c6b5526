"""`cutover exercise`: distinct dry runs of routes too rare to wait for."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gateway import __version__
from gateway.config import load_table
from gateway.core.errors import UnreachableError
from gateway.flags.store import FlagStore
from gateway.store.database import open_store, secret_key
from gateway.store.observations import append, rules
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.exercise import described, stored
from migrate.exercise.call import NOBODY, Caller
from migrate.exercise.documents import documents
from migrate.exercise.run import Exerciser, run
from migrate.exercise.show import progress, text
from migrate.probe.asker import Asker
from migrate.probe.credentials import credentials
from migrate.probe.setting import Setting as Probing
from migrate.probe.setting import credential
from migrate.replay.client import address_of
from migrate.rollout.choose import chosen
from shadow.mirror import Mirror
from shadow.observe import Setting

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gateway.core.exercise import Example
    from gateway.core.observation import Observation
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from migrate.exercise.result import ExerciseRun

type _Planned = list[tuple[Route, list[Example]]]


def exercise(
    routes: Annotated[list[str], typer.Argument(metavar="ROUTE…", help="Route ids or globs.")],
    *,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Compare what the gateway would send for each declared, described or seen shape; nothing is executed.

    Callers come from the environment as for `cutover probe`. Exit code 0: every request would be the same; 1: not, or
    a route was left out; 4: the gateway's internal listener does not answer.
    """
    table = load_table(config)
    wanted = chosen(table, routes)
    internal = f"http://{table.policy.internal_listen}"
    _reach(internal)
    with closing(open_store(store)) as connection:
        planned = _planned(connection, table, wanted)
        exerciser_of = _exerciser(connection, table, store)
        with progress(Console(stderr=True), sum(len(examples) for _, examples in planned)) as report:
            found, observations = asyncio.run(_run(exerciser_of, internal, store, planned, report))
        append(connection, observations, table.retention)
    typer.echo(json.dumps(found.to_json(), indent=2) if as_json else text(found))
    raise typer.Exit(0 if found.passed else 1)


async def _run(
    exerciser_of: Callable[[Mirror], Exerciser],
    internal: str,
    store: Path,
    planned: _Planned,
    report: Callable[[int], None],
) -> tuple[ExerciseRun, list[Observation]]:
    async with Mirror(internal, secret_key(store.parent, "mark")) as mirror:
        return await run(exerciser_of(mirror), planned, report)


def _planned(connection: sqlite3.Connection, table: RouteTable, routes: Iterable[Route]) -> _Planned:
    wanted = list(routes)
    services = [table.services[name] for name in dict.fromkeys(route.service for route in wanted)]
    known, missing = documents(services, table.folder)
    for service, reason in missing.items():
        typer.echo(f"no examples from the OpenAPI document of {service}: {reason}", err=True)
    return [
        (
            route,
            [
                *table.examples.get(route.id, ()),
                *described.examples(known.get(route.service, {}), route.legacy),
                *stored.examples(connection, route),
            ],
        )
        for route in wanted
    ]


def _exerciser(connection: sqlite3.Connection, table: RouteTable, store: Path) -> Callable[[Mirror], Exerciser]:
    fingerprint = secret_key(store.parent, "fingerprint")
    setting = Setting(table, fingerprint, rules(connection), table.policy.public_url, __version__, time.time)
    flags = FlagStore(connection).snapshot()
    known = credentials(os.environ, table)
    probing = Probing(table, flags, Asker([]), known)
    callers: dict[str, Caller | None] = {}
    for route in table.select("*"):
        headers = credential(probing, route)
        callers[route.id] = (
            None if headers is None else Caller(known.subject or NOBODY, known.organisation or NOBODY, headers)
        )
    revisions = {route.id: flags.flag(route.id).revision for route in table.routes}
    return lambda mirror: Exerciser(mirror, setting, callers, revisions)


def _reach(internal: str) -> None:
    try:
        socket.create_connection(address_of(internal), 3.0).close()
    except (OSError, ValueError) as error:
        raise UnreachableError(
            f"nothing was exercised: the gateway's internal listener {internal} does not answer ({error});"
            " start `cutover gateway`"
        ) from None
