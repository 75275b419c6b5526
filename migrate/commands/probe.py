"""`cutover probe`: security probes from outside, safe by construction."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import closing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gateway.config import load_table
from gateway.flags.store import FlagStore
from gateway.store.audit import Result, put_result
from gateway.store.database import open_store, secret_key
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.probe.asker import Asker
from migrate.probe.credentials import Credentials, credentials
from migrate.probe.reach import PRIVATE, addresses, named_hosts, reach, refuse_strangers
from migrate.probe.result import GATEWAY, INTERNAL, LEGACY
from migrate.probe.run import planned, run
from migrate.probe.setting import Setting
from migrate.probe.show import progress, show
from migrate.standing.terminal import printing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from migrate.probe.result import ProbeRun


class Target(StrEnum):
    """Who is asked."""

    GATEWAY = GATEWAY
    LEGACY = LEGACY
    INTERNAL = INTERNAL


def probe(
    *,
    routes: Annotated[
        list[str] | None, typer.Argument(metavar="ROUTE", help="Route ids or globs; default: all, internal too.")
    ] = None,
    target: Annotated[
        Target, typer.Option("--target", help="The gateway, or the services at their legacy or internal addresses.")
    ] = Target.GATEWAY,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", metavar="[NAME=]URL", help="Another address for gateway, gateway-internal or a service."
        ),
    ] = None,
    owned: Annotated[
        list[str] | None,
        typer.Option("--i-own-this-target", metavar="HOST", help="Allow a host beyond the configured."),
    ] = None,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Ask what an attacker would ask: without, with forged and with foreign credentials, and by tricks.

    Never executes a write. Valid credentials come from CUTOVER_PROBE_TOKEN and CUTOVER_PROBE_FOREIGN_TOKEN, from
    CUTOVER_PROBE_USERNAME, CUTOVER_PROBE_PASSWORD and CUTOVER_PROBE_TOTP_SECRET, or are made with CUTOVER_JWT_SECRET.
    Exit code 0: everything was asked and passed; 1: not; 4: an address does not answer.
    """
    table = load_table(config)
    plan = planned(table, target, routes or ())
    bases = addresses(table, target, [route for _, route in plan], named_hosts(table, host or ()))
    refuse_strangers(table, bases, owned or ())
    reach(bases)
    known = credentials(os.environ, table) if target is Target.GATEWAY else Credentials()
    with closing(open_store(store)) as connection:
        flags = FlagStore(connection).snapshot()
        with progress(Console(stderr=True), len(plan)) as report:
            found = asyncio.run(run(_setting(table, flags, known, bases, store), target, plan, report))
        put_result(connection, stored(found))
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        with printing() as console:
            show(console, found)
    raise typer.Exit(0 if found.passed else 1)


def stored(found: ProbeRun) -> Result:
    """The run as the store keeps it; only probes of the gateway are evidence, so the others are of another kind."""
    kind = "probe" if found.target == GATEWAY else f"probe-{found.target}"
    return Result(found.id, kind, found.at, found.passed, found.to_json())


def _setting(
    table: RouteTable, flags: FlagSnapshot, known: Credentials, bases: Mapping[str, str], store: Path
) -> Setting:
    return Setting(
        table,
        flags,
        Asker(bases.values()),
        known,
        public=bases.get(GATEWAY, ""),
        internal=bases.get(PRIVATE, ""),
        services=bases,
        mark_key=secret_key(store.parent, "mark"),
        fingerprint_key=secret_key(store.parent, "fingerprint"),
    )
