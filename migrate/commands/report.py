"""`cutover report diffs|readiness`: the reports that travel; exit code 0 says yes, 1 says no."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.config import load_table
from gateway.store.database import open_store
from migrate.commands.options import DEFAULT_CONFIG, DEFAULT_STORE, Config, Store, Target, targets
from migrate.rollout.choose import chosen
from migrate.standing.terminal import width
from reports import (
    diff_report,
    readiness_report,
    render_html,
    render_json,
    render_junit,
    render_markdown,
    render_text,
)
from reports.evidence import gather
from reports.written import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Html = Annotated[Path | None, typer.Option("--html", help="Write one self-contained HTML file.")]
Markdown = Annotated[Path | None, typer.Option("--md", help="Write Markdown, for a pull request.")]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", help="Write the JSON document to a file; `-` prints it."),
]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML, for CI.")]
Routes = Annotated[list[str] | None, typer.Argument(metavar="ROUTE", help="Routes or globs; default: all.")]

app = typer.Typer(help="Reports that travel: exit code 0 says yes, 1 says no.", no_args_is_help=True)


@app.command()
def diffs(
    routes: Routes = None,
    *,
    html: Html = None,
    md: Markdown = None,
    json_file: JsonFile = None,
    junit: Junit = None,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Every difference by signature; exit code 1 when one is open, or when nothing was compared."""
    table = load_table(config)
    names = tuple(item.id for item in chosen(table, routes or ["*"]))
    with closing(open_store(store, create=False)) as connection:
        report = diff_report.build(connection, gather(connection, table), names)
    _give(
        [
            (html, lambda: render_html.diffs(report)),
            (md, lambda: render_markdown.diffs(report)),
            (json_file, lambda: render_json.text(render_json.diffs(report))),
            (junit, lambda: render_junit.diffs(report)),
        ],
        lambda: render_text.diffs(report, every=True, width=width()),
    )
    raise typer.Exit(0 if report.clean else 1)


@app.command()
def readiness(
    routes: Routes = None,
    *,
    html: Html = None,
    md: Markdown = None,
    json_file: JsonFile = None,
    junit: Junit = None,
    target: Target = None,
    config: Config = DEFAULT_CONFIG,
    store: Store = DEFAULT_STORE,
) -> None:
    """Every route's readiness for its next step; exit code 1 when one is not ready."""
    wanted, table = targets(target), load_table(config)
    names = tuple(item.id for item in chosen(table, routes or ["*"]))
    with closing(open_store(store, create=False)) as connection:
        report = readiness_report.build(gather(connection, table), table, wanted, names)
    _give(
        [
            (html, lambda: render_html.readiness(report)),
            (md, lambda: render_markdown.readiness(report)),
            (json_file, lambda: render_json.text(render_json.readiness(report))),
            (junit, lambda: render_junit.readiness(report)),
        ],
        lambda: render_text.readiness(report, width=width()),
    )
    raise typer.Exit(0 if report.ready else 1)


def _give(files: Iterable[tuple[Path | None, Callable[[], str]]], text: Callable[[], str]) -> None:
    asked = [(path, render) for path, render in files if path]
    if not asked:
        typer.echo(text())
    for path, render in asked:
        if str(path) == "-":
            typer.echo(render())
        else:
            write(path, render())
            typer.echo(f"wrote {path}", err=True)
