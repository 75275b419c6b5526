"""`cutover check`: every problem of the route table at once, or a summary."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 - Typer reads annotations
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.config import load_table, problems
from gateway.core.errors import ConfigError
from gateway.files import file_problems
from migrate.commands.options import DEFAULT_CONFIG, Json
from migrate.standing.unguarded import warnings
from shadow.process import FOREIGN

if TYPE_CHECKING:
    from gateway.core.table import RouteTable


def check(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", envvar="CUTOVER_CONFIG", help="The route table.", show_default=True)
    ] = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Validate the route table: every error at once, with its line and what to write instead.

    The files that it names, certificates and OpenAPI documents, are read too. What it leaves unsaid about who may is
    told as a warning. Exit code 0: it is fine; 3: it has problems.
    """
    found = sorted([*problems(file), *file_problems(file)], key=lambda problem: problem.line)
    if as_json:
        table = None if found else load_table(file)
        summary = {**_summary(table), "warnings": _warnings(table)} if table else {}
        document = {"file": str(file), "ok": not found, **summary, "problems": [asdict(item) for item in found]}
        typer.echo(json.dumps(document, indent=2))
        raise typer.Exit(ConfigError.exit_code if found else 0)
    for problem in found:
        typer.echo(problem.text(file))
    if found:
        typer.echo(f"{len(found)} problem{'s' if len(found) > 1 else ''} in {file}", err=True)
        raise typer.Exit(ConfigError.exit_code)
    table = load_table(file)
    for warning in _warnings(table):
        typer.echo(f"{file}: warning: {warning}", err=True)
    told = _summary(table)
    typer.echo(
        f"{file} is fine: platform {told['platform']}, {told['services']} services, {told['routes']} routes"
        f" ({told['exposed']} exposed, {told['internal']} internal), {told['changes']} intended changes"
    )


def _warnings(table: RouteTable) -> list[str]:
    unsaid = warnings(table)
    return (
        [*unsaid, f"shadow: candidate {table.mirroring.candidate} {FOREIGN}"] if table.mirroring.foreign else unsaid
    )


def _summary(table: RouteTable) -> dict[str, Any]:
    exposed = len(table.select("*"))
    return {
        "platform": table.platform,
        "services": len(table.services),
        "routes": len(table.routes),
        "exposed": exposed,
        "internal": len(table.routes) - exposed,
        "changes": len(table.changes),
    }
