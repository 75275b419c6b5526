"""`cutover rollback`: move routes back, at once."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from gateway.config import load_table
from gateway.core.routes import Stage  # noqa: TC001 - Typer reads annotations
from gateway.store.database import open_store
from migrate.commands.moved import Verbose, tell
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, By, Config, Json, Reason, Store, login_name
from migrate.rollout.choose import chosen
from migrate.rollout.decide import Wish
from migrate.rollout.move import make
from migrate.rollout.promote import plan_back


def rollback(
    *,
    routes: Annotated[list[str], typer.Argument(metavar="ROUTE", help="Route ids or globs like 'insights.*'.")],
    reason: Reason,
    to: Annotated[
        Stage | None, typer.Option("--to", help="Any earlier stage; default: where legacy serves again.")
    ] = None,
    percent: Annotated[float | None, typer.Option("--percent", help="The smaller share of a canary.")] = None,
    by: By = "",
    verbose: Verbose = False,
    as_json: Json = False,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Move routes back to any earlier stage, at once; nothing is checked.

    By default legacy serves again: canary and gateway go back to shadow, shadow to legacy, closed to gateway.

    Exit code 0: done and taken over everywhere; 1: nothing to roll back; 4: stored, but a running process has not
    taken it over within 2 s.
    """
    wish = Wish(by=by or login_name(), reason=reason, to=to, percent=percent)
    selected = chosen(load_table(config), routes)
    with closing(open_store(store, create=False)) as connection:
        plan = plan_back(connection, selected, wish)
        moved = make(connection, "rollback", plan.moves, plan.expected)
    tell(moved, as_json=as_json, verbose=verbose)
