"""The command line: one line per command; errors become one line and an exit code here."""

from __future__ import annotations

import io
import sys
import tempfile
import traceback
from pathlib import Path

import typer

from gateway import __version__
from gateway.core.errors import CutoverError
from migrate.commands import (
    accept,
    check,
    demo,
    diffs,
    gateway,
    history,
    init,
    loadtest,
    ports,
    probe,
    promote,
    reject,
    replay,
    report,
    rollback,
    routes,
    shadow,
    tolerate,
    up,
)

app = typer.Typer(
    name="cutover",
    help="Move a dashboard from direct service calls to one API gateway, route by route, with proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"cutover {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: bool = typer.Option(
        False,
        "--version",
        is_eager=True,
        callback=_print_version,
        help="Print the version.",
    ),
) -> None:
    """Every reading command takes --json. Exit codes: 0 yes, 1 no, 2 usage, 3 configuration, 4 unreachable."""


for command in (
    demo.demo,
    init.init,
    check.check,
    up.up,
    gateway.gateway,
    shadow.shadow,
    routes.routes,
    promote.promote,
    rollback.rollback,
    history.history,
    probe.probe,
    replay.replay,
    diffs.diffs,
    accept.accept,
    tolerate.tolerate,
    reject.reject,
):
    app.command()(command)
app.add_typer(report.app, name="report")
app.add_typer(loadtest.app, name="loadtest")
app.add_typer(ports.app, name="ports")


def main() -> None:
    """Run the command line; never prints a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A locale that cannot write "≥" or "→" gets a question mark, not a fault.
            stream.reconfigure(errors="replace")
    try:
        app()
    except CutoverError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except Exception:  # noqa: BLE001 - the outermost boundary: the user gets a line, we get the file
        with tempfile.NamedTemporaryFile("w", prefix="cutover-fault-", suffix=".txt", delete=False) as file:
            traceback.print_exc(file=file)
        _fail(f"a fault of Cutover's own; please report it with {Path(file.name)}", 70)


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"cutover: {message}\n")
    raise SystemExit(code)
