"""Whether routes may go forward, and the moves when they may."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.core.errors import RefusedError
from gateway.core.routes import Stage
from gateway.flags.store import FlagStore
from gateway.store.observations import subjects
from migrate.rollout.decide import holds, promoted, rolled_back, smallest_percent
from migrate.rollout.move import Move
from reports.criteria import Step
from reports.evidence import gather
from reports.readiness import blockers

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.flags.flag import Flag, FlagSnapshot
    from migrate.rollout.decide import Wish
    from reports.criteria import Targets


@dataclass(frozen=True, slots=True)
class Plan:
    """The moves that were found possible against one snapshot; `overridden` is what force passes over, per route."""

    expected: FlagSnapshot
    moves: tuple[Move, ...]
    overridden: dict[str, list[str]] = field(default_factory=dict)


def plan_forward(
    connection: sqlite3.Connection,
    table: RouteTable,
    routes: Sequence[Route],
    wish: Wish,
    targets: Targets | None = None,
) -> Plan:
    """The moves of a promote; all of them or none. `targets` are what readiness is judged by.

    Raises:
        RefusedError: a route is not ready, or its cohort would hold nobody known, and force was not asked for.
        UsageError: the wish makes no sense for a stage.
    """
    expected = FlagStore(connection).snapshot()
    moves = _moves([(expected.flag(route.id), promoted(expected.flag(route.id), wish)) for route in routes])
    held = _blockers(connection, table, Plan(expected, moves), targets)
    if held and not wish.force:
        lines = [f"{route}: {blocker}" for route, texts in held.items() for blocker in texts]
        raise RefusedError(
            f"not ready ({len(held)} of {len(moves)} routes):\n  " + "\n  ".join(lines) + "\n--force overrides"
            " and is recorded; cutover report readiness shows the evidence"
        )
    return Plan(expected, moves, held)


def plan_back(connection: sqlite3.Connection, routes: Sequence[Route], wish: Wish) -> Plan:
    """The moves of a rollback; no check holds it.

    Raises:
        RefusedError: a route stands before the wanted stage already.
        UsageError: the wish makes no sense for a stage.
    """
    expected = FlagStore(connection).snapshot()
    return Plan(
        expected, _moves([(expected.flag(route.id), rolled_back(expected.flag(route.id), wish)) for route in routes])
    )


def _moves(pairs: list[tuple[Flag, Flag | None]]) -> tuple[Move, ...]:
    moves = tuple(Move(before, after) for before, after in pairs if after is not None)
    if not moves:
        names = ", ".join(before.route for before, _ in pairs[:3]) + (" …" if len(pairs) > 3 else "")  # noqa: PLR2004
        raise RefusedError(f"nothing to do: {names} stands there already")
    return moves


def _blockers(
    connection: sqlite3.Connection, table: RouteTable, plan: Plan, targets: Targets | None
) -> dict[str, list[str]]:
    evidence = gather(connection, table)
    held: dict[str, list[str]] = {}
    for move in plan.moves:
        route = table.route(move.after.route)
        assert route is not None  # noqa: S101 - moves are made of this table's routes
        found = []
        stages = list(Stage)[move.before.stage.rank : move.after.stage.rank + 1]
        for before, after in pairwise(stages):
            found += blockers(evidence, table, route.id, Step(before, after), targets)
        if move.after.stage is Stage.CANARY:
            found += _empty_cohort(move.after, plan.expected.salt, route, subjects(connection, route.id))
        if found:
            held[route.id] = found
    return held


def _empty_cohort(after: Flag, salt: str, route: Route, known: set[str]) -> list[str]:
    if holds(after, salt, route.rollout_group, known):
        return []
    least = smallest_percent(salt, route.rollout_group, known)
    if least is None:
        return ["cohort: no subject was seen yet, so nobody known would be served by the gateway"]
    held = f"{after.percent:g} % holds none of the {len(known)} known subjects"
    return [f"cohort: {held}; the smallest share that holds one is --percent {least:g}"]
