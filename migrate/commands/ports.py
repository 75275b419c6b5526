"""`cutover ports plan|close|verify|reopen`: close a legacy port, prove it, undo it."""

from __future__ import annotations

import json
import re
import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from gateway.config import load_table
from gateway.core.errors import RefusedError, UsageError
from gateway.flags.store import FlagStore
from gateway.store.audit import AuditEntry, record
from gateway.store.counts import served
from gateway.store.database import open_store
from migrate.commands.options import (
    DEFAULT_CONFIG,
    DEFAULT_STORE,
    By,
    Config,
    Json,
    Reason,
    Store,
    login_name,
    read_store,
)
from migrate.ports import apply, ruleset, verify
from migrate.ports.anonymous import ask
from migrate.ports.connect import here, within
from migrate.ports.nft import Nft
from migrate.ports.plan import Evidence, is_inherited, port_of, port_plan, service_named

if TYPE_CHECKING:
    import sqlite3

    from gateway.core.routes import Service
    from gateway.core.table import RouteTable
    from migrate.ports.plan import PortPlan

app = typer.Typer(help="Close a service's legacy port, verify it from outside, reopen it.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="SERVICE", help="A service of the route table.")]
Quiet = Annotated[str, typer.Option("--quiet", help="How long legacy must have served nobody: 10m, 24h, 7d.")]
Netns = Annotated[str, typer.Option("--netns", help="The network namespace that holds the port, by name.")]
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PERIOD = "24h"


@app.command()
def plan(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service; or --all.")] = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Every service.")] = False,
    quiet: Quiet = _PERIOD,
    netns: Netns = "",
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Say what still blocks closing. Exit code 0: nothing; 1: something."""
    if bool(service) == every:
        raise UsageError("name one service, or --all")
    table = load_table(config)
    names = sorted(table.services) if every else [service]
    with read_store(store) as connection:
        plans = [_plan(table, service_named(table, name), connection, quiet, netns) for name in names]
    if as_json:
        typer.echo(json.dumps([found.to_json() for found in plans] if every else plans[0].to_json(), indent=2))
    else:
        for found in plans:
            _print_plan(found, err=False)
    raise typer.Exit(0 if all(found.closable for found in plans) else 1)


@app.command()
def close(
    service: Name,
    *,
    method: Annotated[str, typer.Option("--with", help="nftables.")] = "nftables",
    write: Annotated[
        bool, typer.Option("--apply", help="Apply the rule set; without it nothing is changed.")
    ] = False,
    allow: Annotated[
        list[str] | None, typer.Option("--allow", help="An address or network that keeps access; repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Close although the plan says no.")] = False,
    reason: Reason = "",
    by: By = "",
    quiet: Quiet = _PERIOD,
    netns: Netns = "",
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Print the rule set that closes the port; with --apply, apply it.

    Loopback and --allow keep access, established connections drain, other tables are not touched.
    """
    if method != "nftables":
        raise UsageError(f"--with {method}: nftables is what this version closes ports with")
    if write and not reason:
        raise UsageError("--apply needs --reason: it goes into the audit trail")
    table = load_table(config)
    found = service_named(table, service)
    wanted = ruleset.closing(service, port_of(found.legacy), allow or ())
    with closing(open_store(store)) as connection:
        blocked = _plan(table, found, connection, quiet, netns)
        if not write:
            _dry_run(wanted, blocked)
        _refuse_if_blocked(table, found, blocked, force=force)
        _refuse_elsewhere(found, netns, force=force)
        actor = apply.Actor(by or login_name(), time.time(), reason)
        detail = {"forced": force, "plan": blocked.to_json()}
        closed = apply.close(connection, Nft(netns), wanted, actor, detail)
    sources = ", ".join((*wanted.allowed4, *wanted.allowed6)) or "nobody else"
    state = "is closed" if closed.changed else "was closed like this already; nothing changed"
    typer.echo(f"{service}: port {wanted.port} {state}; open to loopback and {sources}")
    typer.echo(f"verify from outside: cutover ports verify {service} --from NETNS, or on another machine")


@app.command("verify")
def verify_(
    service: Name,
    *,
    origin: Annotated[str, typer.Option("--from", metavar="NETNS", help="Ask from this network namespace.")] = "",
    address: Annotated[
        list[str] | None, typer.Option("--address", help="A further address of the legacy host; repeatable.")
    ] = None,
    netns: Netns = "",
    by: By = "",
    reason: Reason = "",
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Prove from outside that the port refuses and the gateway serves. Exit code 0: proven; 1: not."""
    table = load_table(config)
    found = verify.verify(table, service_named(table, service), verify.Places(origin, netns), address or ())
    with closing(open_store(store)) as connection:
        entry = AuditEntry(time.time(), by or login_name(), "ports.verify", service, reason, found.to_json())
        record(connection, entry)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        for seen in found.outside:
            typer.echo(f"{seen.address} port {seen.port}: {seen.outcome}")
        typer.echo(f"{found.gateway_url}: {found.gateway_status or 'no answer'}")
        typer.echo("proven closed" if found.passed else "not proven")
        for line in found.reasons:
            typer.echo(f"  {line}")
    raise typer.Exit(0 if found.passed else 1)


@app.command()
def reopen(
    service: Name,
    *,
    reason: Reason,
    by: By = "",
    netns: Netns = "",
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Remove the rule set of `close`; other tables are not touched."""
    service_named(load_table(config), service)
    with closing(open_store(store)) as connection:
        actor = apply.Actor(by or login_name(), time.time(), reason)
        counted = apply.reopen(connection, Nft(netns), service, actor)
    if counted is None:
        typer.echo(f"{service}: the port was not closed; nothing changed")
    else:
        typer.echo(f"{service}: reopened; while closed, {counted.refused} connections were refused")


def period(text: str) -> float:
    """A period such as 90s, 10m, 24h or 7d in seconds.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if not found:
        raise UsageError(f"--quiet {text}: write a period such as 10m, 24h or 7d")
    return float(found[1]) * _UNITS[found[2]]


def _plan(table: RouteTable, service: Service, connection: sqlite3.Connection, quiet: str, netns: str) -> PortPlan:
    now, seconds = time.time(), period(quiet)
    entries = served(connection)
    evidence = Evidence(
        flags=FlagStore(connection).snapshot(),
        served=entries,
        watched_since=entries[0].minute * 60.0 if entries else None,
        now=now,
        quiet=seconds,
    )
    return port_plan(table, service, evidence, within(netns, lambda: ask(table, service)))


def _dry_run(wanted: ruleset.Closing, blocked: PortPlan) -> None:
    typer.echo(ruleset.script(wanted), nl=False)
    _print_plan(blocked, err=True)
    typer.echo(f"nothing was changed; --apply closes port {wanted.port}", err=True)
    raise typer.Exit(0 if blocked.closable else 1)


def _refuse_if_blocked(table: RouteTable, service: Service, blocked: PortPlan, *, force: bool) -> None:
    if is_inherited(table, service):
        raise RefusedError(f"{service.name}: {blocked.blockers[0].text}")
    if blocked.blockers and not force:
        texts = "; ".join(blocker.text for blocker in blocked.blockers)
        raise RefusedError(f"{service.name} is not closable: {texts}; --force --reason overrides, and is recorded")


def _refuse_elsewhere(service: Service, netns: str, *, force: bool) -> None:
    host = urlsplit(service.legacy).hostname or ""
    if not force and not here(host, netns):
        raise RefusedError(
            f"{service.name}: {host} is no address of this host, so its port cannot be closed here; run this there"
            " (--force --reason overrides, where an address translation stands before this host)"
        )


def _print_plan(found: PortPlan, *, err: bool) -> None:
    typer.echo(f"{found.service} port {found.port}: {'closable' if found.closable else 'not closable'}", err=err)
    for blocker in found.blockers:
        typer.echo(f"  {blocker.kind}: {blocker.text}", err=err)
    for note in found.notes:
        typer.echo(f"  note: {note}", err=err)
