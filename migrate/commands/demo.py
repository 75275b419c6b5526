"""`cutover demo`: the whole migration once, on the embedded platform."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.core.errors import ConfigError

DEFAULT_FOLDER = Path("cutover-demo")
_WIDTH = 118
_MADE_BY_DEMO = ".made-by-cutover-demo"
"""Only a folder with this file is ever replaced: every real project has a cutover.yaml and a store."""


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where its files go; an earlier demo there is replaced.")
    ] = (DEFAULT_FOLDER),
) -> None:
    """Move a stand-in platform's dashboard to the gateway: compare, catch a defect, mend, roll out, report."""
    from migrate.demo.run import run  # noqa: PLC0415 - half a second of imports that no other command needs

    folder = folder.resolve()
    _clear(folder)
    console = Console()
    run(folder, console if console.is_terminal else Console(width=_WIDTH), keep=keep)


def _clear(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MADE_BY_DEMO).exists():
        raise ConfigError(f"{folder} holds files that no demo made; give another --folder")
    try:
        shutil.rmtree(folder, ignore_errors=False) if folder.exists() else None
        folder.mkdir(parents=True)
        (folder / _MADE_BY_DEMO).touch()
    except OSError as error:
        raise ConfigError(f"{folder}: {error.strerror}; give a writable --folder") from None
