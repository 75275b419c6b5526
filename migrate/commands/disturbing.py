"""The options of `cutover loadtest run` that say what happens during the load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from loadtests.during.order import Disturbances, named, parsed
from migrate.commands.options import login_name

if TYPE_CHECKING:
    from pathlib import Path

During = Annotated[
    list[str] | None,
    typer.Option(
        "--during",
        metavar="ACTION",
        help="Do this in the middle of the load: 'flip PATTERN', 'kill NAME', 'stop NAME' or 'run COMMAND',"
        " with 'at 10s' or 'at 40%' and 'for 3s' behind it as wanted. May be given again.",
    ),
]
Processes = Annotated[
    list[str] | None,
    typer.Option("--process", metavar="NAME=PID", help="Which process --during means: a pid here, or a pid file."),
]
Restarts = Annotated[
    list[str] | None,
    typer.Option("--restart", metavar="NAME=COMMAND", help="How to start it after a kill; else its supervisor does."),
]
MaxFailed = Annotated[
    int | None,
    typer.Option("--max-failed", help="Requests that may fail through it. Default: 0 for flip and stop."),
]
MaxRecovery = Annotated[
    float | None, typer.Option("--max-recovery", metavar="S", help="Seconds until all is as before. Default: 10.")
]


def disturbances(
    during: list[str] | None,
    processes: list[str] | None,
    restarts: list[str] | None,
    *,
    store: Path,
    max_failed: int | None,
    max_recovery: float | None,
) -> Disturbances | None:
    """What the options ask for; None without any.

    Raises:
        UsageError: an option asks for nothing that can be done.
    """
    given = Disturbances(
        parsed(during or ()),
        named("process", processes or ()),
        named("restart", restarts or ()),
        store.absolute(),
        login_name(),
        max_failed,
        max_recovery,
    )
    return given if given.actions else None
