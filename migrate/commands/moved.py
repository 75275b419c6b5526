"""What promote and rollback print."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.core.errors import UnreachableError
from migrate.rollout.move import standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrate.rollout.move import Move, Moved

Verbose = Annotated[bool, typer.Option("--verbose", help="A line for every route, however many there are.")]
SUMMED_BEYOND = 20
"""Moves up to which each has its line; beyond it those of a family that went the same way are one."""
_LISTED = 10
"""Overridden findings up to which each has its line; beyond it they are summed by check."""


def tell(
    moved: Moved,
    *,
    overridden: Mapping[str, Sequence[str]] | None = None,
    as_json: bool = False,
    verbose: bool = False,
) -> None:
    """Print what moved and who has taken it over; ends with exit code 4 when a live process has not."""
    if as_json:
        typer.echo(json.dumps(moved.to_json(), indent=2))
    else:
        for line in _moves(moved.moves, summed=not verbose and len(moved.moves) > SUMMED_BEYOND):
            typer.echo(f"{line}   (revision {moved.revision})")
        for line in _overridden(overridden or {}):
            typer.echo(f"  {line}")
        for item in moved.acknowledgements:
            typer.echo(f"  {item}")
        if not moved.acknowledgements:
            typer.echo("  no gateway or shadow runs on this store; they take it over when they start")
    if not moved.everywhere:
        raise typer.Exit(UnreachableError.exit_code)


def family(route: str) -> str:
    """What the routes of one page or object share: `pools` of `pools.list`."""
    return route.partition(".")[0]


def counted(routes: Sequence[str]) -> str:
    """Routes of one family as the beginning of a line: `pools.*: 4 routes`, or the only one's name."""
    return f"{routes[0]}:" if len(routes) == 1 else f"{family(routes[0])}.*: {len(routes)} routes"


def _moves(moves: Sequence[Move], *, summed: bool) -> list[str]:
    if not summed:
        return [str(move) for move in moves]
    alike: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        change = f"{standing(move.before)} → {standing(move.after)}"
        alike.setdefault((family(move.after.route), change), []).append(move.after.route)
    return [f"{counted(routes)} {change}" for (_, change), routes in alike.items()]


def _overridden(findings: Mapping[str, Sequence[str]]) -> list[str]:
    each = [(route, finding) for route, found in findings.items() for finding in found]
    if len(each) <= _LISTED:
        return [f"overridden: {route}: {finding}" for route, finding in each]
    checks = Counter(finding.partition(":")[0] for _, finding in each)
    return [f"overridden: {check} on {count} routes" for check, count in checks.most_common()]
