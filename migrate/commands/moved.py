"""What promote and rollback print."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import typer

from gateway.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrate.rollout.move import Moved


_LISTED = 10
"""Overridden findings up to which each has its line; beyond it they are summed by check."""


def tell(moved: Moved, *, overridden: Mapping[str, Sequence[str]] | None = None, as_json: bool = False) -> None:
    """Print what moved and who has taken it over; ends with exit code 4 when a live process has not."""
    if as_json:
        typer.echo(json.dumps(moved.to_json(), indent=2))
    else:
        for move in moved.moves:
            typer.echo(f"{move}   (revision {moved.revision})")
        for line in _overridden(overridden or {}):
            typer.echo(f"  {line}")
        for item in moved.acknowledgements:
            typer.echo(f"  {item}")
        if not moved.acknowledgements:
            typer.echo("  no gateway or shadow runs on this store; they take it over when they start")
    if not moved.everywhere:
        raise typer.Exit(UnreachableError.exit_code)


def _overridden(findings: Mapping[str, Sequence[str]]) -> list[str]:
    each = [(route, finding) for route, found in findings.items() for finding in found]
    if len(each) <= _LISTED:
        return [f"overridden: {route}: {finding}" for route, finding in each]
    checks = Counter(finding.partition(":")[0] for _, finding in each)
    return [f"overridden: {check} on {count} routes" for check, count in checks.most_common()]
