"""`cutover promote`: move routes forward when they are ready."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from gateway.config import load_table
from gateway.core.routes import Stage  # noqa: TC001 - Typer reads annotations
from gateway.store.database import open_store
from migrate.commands.moved import Verbose, tell
from migrate.commands.options import (
    DEFAULT_CONFIG,
    DEFAULT_STORE,
    By,
    Config,
    Json,
    Reason,
    Store,
    Target,
    login_name,
    targets,
)
from migrate.rollout.choose import chosen
from migrate.rollout.decide import Wish, named
from migrate.rollout.move import make
from migrate.rollout.promote import plan_forward


def promote(
    *,
    routes: Annotated[list[str], typer.Argument(metavar="ROUTE", help="Route ids or globs like 'insights.*'.")],
    reason: Reason,
    to: Annotated[Stage | None, typer.Option("--to", help="The stage to reach; default: the next one.")] = None,
    percent: Annotated[
        float | None, typer.Option("--percent", help="Share of subjects that a canary serves through the gateway.")
    ] = None,
    users: Annotated[list[str] | None, typer.Option("--users", help="User ids a canary always serves.")] = None,
    orgs: Annotated[list[str] | None, typer.Option("--orgs", help="Organisation ids a canary always serves.")] = None,
    sunset: Annotated[
        str, typer.Option("--sunset", metavar="DATE", help="Announce the end of the legacy path, YYYY-MM-DD.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Pass over what is missing; it is recorded.")] = False,
    target: Target = None,
    by: By = "",
    verbose: Verbose = False,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Move routes forward one stage, or a canary to a larger share; all named routes or none.

    Exit code 0: done and taken over everywhere; 1: refused, the blockers are listed; 4: stored, but a running
    process has not taken it over within 2 s.
    """
    wish = Wish(
        by=by or login_name(),
        reason=reason,
        to=to,
        percent=percent,
        named=named(users or (), orgs or ()),
        sunset=sunset,
        force=force,
    )
    table = load_table(config)
    selected = chosen(table, routes)
    with closing(open_store(store)) as connection:
        plan = plan_forward(connection, table, selected, wish, targets(target))
        moved = make(connection, "promote", plan.moves, plan.expected, plan.overridden)
    tell(moved, overridden=plan.overridden, as_json=as_json, verbose=verbose)
