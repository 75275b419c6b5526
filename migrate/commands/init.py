"""`cutover init`: write a route table to start from."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads annotations
from typing import Annotated

import typer

from gateway.core.errors import RefusedError
from migrate import presets
from migrate.commands.options import DEFAULT_CONFIG


def init(
    *,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Where to write it.")] = DEFAULT_CONFIG,
    preset: Annotated[str, typer.Option("--preset", help="The shipped route table to start from.")] = "inferia",
    force: Annotated[bool, typer.Option("--force", help="Replace a file; the old one is kept as PATH.bak.")] = False,
) -> None:
    """Write a route table; a file that is there already is left alone."""
    presets.preset_text(preset)
    if path.exists() and not force:
        raise RefusedError(
            f"{path} is there already and was left alone; name another file, or replace it with --force"
        )
    kept = presets.keep(path)
    presets.write(path, preset)
    if kept:
        typer.echo(f"kept the old file as {kept}")
    typer.echo(f"wrote {path} (preset {preset})")
    typer.echo("next: put your addresses under services:, then run: cutover check && cutover up")
