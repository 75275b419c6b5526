"""`cutover loadtest list` and `show`: results in the store, and how a result is shown and written."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from gateway.core.errors import ConfigError, UsageError
from gateway.store.audit import put_result, results
from loadtests import show
from loadtests.results import LoadResult, stored
from migrate.commands.load_options import Html, Junit  # noqa: TC001 - Typer reads annotations
from migrate.commands.options import DEFAULT_STORE, Json, Store, read_store
from migrate.standing.terminal import printing
from reports import load_page
from reports.figures import moment

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.audit import Result

KIND = "loadtest"
_LATEST = "latest"


def register(app: typer.Typer) -> None:
    """Add the commands that read."""
    app.command("list")(list_)
    app.command("show")(show_)


def list_(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 20,
    as_json: Json = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """List load tests in the store, newest first: when, under which load, and whether each passed."""
    with read_store(store) as connection:
        found = results(connection, KIND)[:limit]
    if as_json:
        typer.echo(json.dumps([_summary(item) for item in found], indent=2))
        return
    if not found:
        typer.echo("no load test was run yet; run `cutover loadtest run`")
        return
    table = Table(
        "id", "when", "target", "load", "requests", "verdict", box=None, header_style="bold", pad_edge=False
    )
    for item in found:
        row = _summary(item)
        amount = f"{row['rate']:g}/s" if row["rate"] else f"{row['users']} users"
        verdict = ("passed" if item.passed else "failed") + (", partial" if row["partial"] else "")
        load = f"{amount}, {row['shape']}"
        table.add_row(item.id, moment(item.at), str(row["target"]), load, str(row["requests"]), verdict)
    with printing() as console:
        console.print(table)


def show_(
    *,
    run: Annotated[str, typer.Argument(metavar="[ID]", help="Which one; its beginning is enough.")] = _LATEST,
    html: Html = None,
    junit: Junit = None,
    as_json: Json = False,
    store: Store = DEFAULT_STORE,
) -> None:
    """Show a load test in the store as it was shown when it ended. Exit code 0: it passed; 1: not."""
    with read_store(store) as connection:
        found = _chosen(results(connection, KIND), run)
    if as_json:
        typer.echo(json.dumps(found.body, indent=2))
        raise typer.Exit(0 if found.passed else 1)
    try:
        result = LoadResult.from_json(found.body)
    except (KeyError, TypeError, ValueError):
        raise ConfigError(f"{found.id} was written by another version; --json shows it as it is") from None
    write_files(result, html=html, junit=junit)
    show_result(result)
    raise typer.Exit(0 if result.passed else 1)


def keep(connection: sqlite3.Connection, result: LoadResult) -> str:
    """Put a result into the store; why it is not there, if the store does not take it. Empty: it is."""
    try:
        put_result(connection, stored(result))
    except sqlite3.Error as error:
        return f"the result is not in the store ({error}), so readiness does not see it; run it again"
    return ""


def show_result(result: LoadResult, *, as_json: bool = False) -> None:
    """Print a result: the table of routes or of steps, what compares with legacy, the verdict."""
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=2))
        return
    with printing() as console:
        hosts = ", ".join(sorted(set(result.hosts.values())))
        console.print(f"{result.platform}: load on {hosts}", markup=False, soft_wrap=True)
        console.print(show.steps_table(result) if result.steps else show.results_table(result))
        for line in (*show.comparison_lines(result), *show.verdict_lines(result)):
            console.print(line, markup=False, soft_wrap=True)


def write_files(
    result: LoadResult,
    *,
    html: Path | None = None,
    junit: Path | None = None,
    json_file: Path | None = None,
) -> None:
    """Write the result's page, JUnit XML and JSON where they are wished for.

    Raises:
        ConfigError: a file cannot be written; the result is in the store all the same.
    """
    for path, written in ((html, load_page.html), (junit, load_page.junit), (json_file, _document)):
        if path is not None:
            try:
                path.write_text(written(result))
            except OSError as error:
                raise ConfigError(f"{path}: {error.strerror}; the result is in the store as {result.id}") from None


def _document(result: LoadResult) -> str:
    return json.dumps(result.to_json(), indent=2) + "\n"


def _chosen(stored: list[Result], run: str) -> Result:
    found = stored[:1] if run == _LATEST else [item for item in stored if item.id.startswith(run)]
    if len(found) == 1:
        return found[0]
    if not stored:
        raise UsageError("no load test was run yet; run `cutover loadtest run`")
    what = "is no load test" if not found else f"begins {len(found)} of them"
    raise UsageError(f"{run} {what}; `cutover loadtest list` shows their ids")


def _summary(item: Result) -> dict[str, object]:
    body = item.body
    return {
        "id": item.id,
        "at": item.at,
        "target": body.get("target", ""),
        "shape": body.get("shape", "steady"),
        "users": body.get("users", 0),
        "rate": body.get("rate", 0.0),
        "run_time": body.get("run_time", 0.0),
        "requests": sum(side.get("requests", 0) for side in body.get("sides", {}).values()),
        "passed": item.passed,
        "partial": body.get("partial", False),
        "reasons": body.get("reasons", []),
    }
