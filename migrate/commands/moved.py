"""What promote and rollback print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from gateway.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrate.rollout.move import Moved


def tell(moved: Moved, *, overridden: Mapping[str, Sequence[str]] | None = None, as_json: bool = False) -> None:
    """Print what moved and who has taken it over; ends with exit code 4 when a live process has not."""
    if as_json:
        typer.echo(json.dumps(moved.to_json(), indent=2))
    else:
        for move in moved.moves:
            typer.echo(f"{move}   (revision {moved.revision})")
        for route, blockers in (overridden or {}).items():
            for blocker in blockers:
                typer.echo(f"  overridden: {route}: {blocker}")
        for item in moved.acknowledgements:
            typer.echo(f"  {item}")
        if not moved.acknowledgements:
            typer.echo("  no gateway or shadow runs on this store; they take it over when they start")
    if not moved.everywhere:
        raise typer.Exit(UnreachableError.exit_code)
