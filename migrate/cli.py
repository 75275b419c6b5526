"""The command line: one line per command; errors become one line and an exit code here."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway import __version__
from gateway.core.errors import CutoverError

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMANDS = (
    "demo",
    "init",
    "check",
    "up",
    "gateway",
    "shadow",
    "routes",
    "promote",
    "rollback",
    "history",
    "probe",
    "exercise",
    "replay",
    "diffs",
    "accept",
    "tolerate",
    "reject",
    "report",
    "loadtest",
    "ports",
)
"""In the order of the help; each is a module of `migrate.commands` with a function of its name, or a group `app`."""

INTERRUPTED = 130
"""128 and the number of SIGINT: Typer makes it of Ctrl-C, and a load test that was cut short ends with it."""


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands. Each is imported here, since all together take more than a second."""
    app = typer.Typer(
        name="cutover",
        help="Move a dashboard from direct service calls to one API gateway, route by route, with proof.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    for name in names:
        module = import_module(f"migrate.commands.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"cutover {__version__}")
        raise typer.Exit


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


def main() -> None:
    """Run the command line; never prints a traceback. A closed pipe is exit code 0, in silence.

    Raises:
        KeyboardInterrupt: Ctrl-C; `migrate.entry` answers it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A locale that cannot write "≥" or "→" gets a question mark, not a fault.
            stream.reconfigure(errors="replace")
    try:
        _run()
    except BrokenPipeError:
        _fall_silent()
        raise SystemExit(0) from None


def _run() -> None:
    try:
        application(_wanted(sys.argv[1:]))()
    except SystemExit as end:
        if _left_early(end):
            raise BrokenPipeError from None
        if end.code == INTERRUPTED:
            raise KeyboardInterrupt from None
        raise
    except CutoverError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - the outermost boundary: the user gets a line, we get the file
        with tempfile.NamedTemporaryFile("w", prefix="cutover-fault-", suffix=".txt", delete=False) as file:
            traceback.print_exc(file=file)
        _fail(f"a fault of Cutover's own; please report it with {Path(file.name)}", 70)


def _wanted(arguments: list[str]) -> Iterable[str]:
    """The one command that these words begin with; all where they begin otherwise: help, a slip, completion."""
    named = arguments[:1]
    return named if named and named[0] in COMMANDS else COMMANDS


def _left_early(end: SystemExit) -> bool:
    """Whether Typer or rich made this exit of a closed pipe; both say 1, as if the answer were no."""
    cause: BaseException | None = end
    while cause is not None and not isinstance(cause, BrokenPipeError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def _fall_silent() -> None:
    """Nothing that is still buffered may meet the closed pipe again when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"cutover: {message}\n")
    raise SystemExit(code)
