"""`cutover replay`: account for a recording; with --against, replay it closed."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from gateway.config import load_table
from gateway.core.errors import UsageError
from gateway.settings import CLOCK_AT, INTERNAL_KEY, JWT_SECRET
from gateway.store.counts import put_buckets
from gateway.store.database import open_store, secret_key
from gateway.store.observations import append, rules
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Json, Store
from migrate.replay.reach import check_reachable, player_addresses
from migrate.replay.show import progress, show_account, show_outcome
from migrate.standing.terminal import printing
from shadow.recording.read import read_recording
from shadow.replay import account, place_all

if TYPE_CHECKING:
    from gateway.core.table import RouteTable
    from migrate.replay.outcome import Outcome
    from migrate.replay.under_test import Keys
    from shadow.recording.recorded import Recording
    from shadow.replay import Placed

EMBEDDED = "embedded"
Against = Annotated[
    str,
    typer.Option("--against", help="Replay closed: `embedded` (this version's gateway) or a gateway's public URL."),
]
Secret = Annotated[
    str,
    typer.Option(
        "--jwt-secret", envvar=JWT_SECRET, help="The key that signed the recording's tokens.", show_envvar=True
    ),
]
Listen = Annotated[
    str,
    typer.Option(
        "--player-listen",
        help="SERVICE=HOST:PORT,… where the player stands; default with a URL: the services' internal addresses.",
    ),
]
Record = Annotated[bool, typer.Option("--record", help="Keep the observations in the store, for reports.")]


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording: .har or mitmproxy .flow.")],
    against: Against = "",
    jwt_secret: Secret = "",
    player_listen: Listen = "",
    *,
    record: Record = False,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Account for every exchange of a recording; with --against, play it through a gateway and compare."""
    if record and not against:
        raise UsageError("--record keeps what a closed replay compared; add --against embedded or --against URL")
    table = _table(config)
    recording = read_recording(file)
    placed = place_all(recording.entries, table)
    if not against:
        counted = account(placed)
        if as_json:
            typer.echo(json.dumps(counted.to_json(), indent=2))
        else:
            with printing() as console:
                show_account(console, recording, counted)
        raise typer.Exit(0 if counted.complete else 1)
    outcome = _closed(recording, placed, table, against, jwt_secret, player_listen, store if record else None)
    if as_json:
        typer.echo(json.dumps(outcome.to_json(), indent=2))
    else:
        with printing() as console:
            show_outcome(console, outcome)
    raise typer.Exit(0 if outcome.clean else 1)


def _table(config: Path) -> RouteTable:
    if config == DEFAULT_CONFIG and not config.exists():
        typer.echo(f"no {config} here: using the shipped preset inferia", err=True)
        return load_table(Path(__file__).parent.parent / "presets" / "inferia.yaml")
    return load_table(config)


def _closed(
    recording: Recording,
    placed: tuple[Placed, ...],
    table: RouteTable,
    against: str,
    jwt_secret: str,
    player_listen: str,
    store: Path | None,
) -> Outcome:
    from gateway.app import build_app  # noqa: PLC0415 - only a closed replay needs a gateway, half a second of imports
    from migrate.replay.closed import Plan, play, play_at  # noqa: PLC0415 - likewise

    keys = _keys(jwt_secret, store, needed=against == EMBEDDED)
    known = {}
    if store:
        with closing(open_store(store)) as connection:
            known = rules(connection)
    with progress(Console(stderr=True), len(placed)) as report:
        if against == EMBEDDED:
            plan = Plan(known, player_addresses(player_listen, table, internal=False), report)
            _refuse_another_key(placed, jwt_secret)
            outcome = asyncio.run(play(placed, table, build_app, keys, plan))
        else:
            at = datetime.fromtimestamp(recording.ended, UTC).isoformat(timespec="seconds")
            check_reachable(against, f"start it with {CLOCK_AT}={at}; docs/replay.md says how")
            plan = Plan(known, player_addresses(player_listen, table, internal=True), report)
            outcome = asyncio.run(play_at(placed, table, against, keys, plan))
    if store:
        _keep(outcome, store, table)
    return outcome


def _keys(jwt_secret: str, store: Path | None, *, needed: bool) -> Keys:
    if needed and not jwt_secret:
        raise UsageError(
            f"the gateway has to check the recording's tokens: give --jwt-secret or {JWT_SECRET},"
            " the key that signed them"
        )
    from migrate.replay.under_test import Keys  # noqa: PLC0415 - likewise

    internal = os.environ.get(INTERNAL_KEY, "")
    return (
        Keys(jwt_secret, internal, secret_key(store.parent, "fingerprint")) if store else Keys(jwt_secret, internal)
    )


def _refuse_another_key(placed: tuple[Placed, ...], key: str) -> None:
    from migrate.replay.signed import signed_by_another  # noqa: PLC0415 - likewise

    foreign = signed_by_another((one.exchange.request for one in placed), key)
    if foreign:
        raise UsageError(
            f"none of the recording's {foreign} tokens was signed with this key, so that the gateway would refuse"
            f" them all; give the key that signed them as --jwt-secret or {JWT_SECRET}"
        )


def _keep(outcome: Outcome, store: Path, table: RouteTable) -> None:
    with closing(open_store(store)) as connection:
        append(connection, outcome.observations, table.retention)
        put_buckets(connection, f"replay:{time.time():.0f}", outcome.counts)
