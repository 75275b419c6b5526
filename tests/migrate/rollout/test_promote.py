from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import RefusedError
from gateway.core.observation import Observation, Verdict
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore, Process
from gateway.store.database import open_store
from gateway.store.observations import append
from migrate.rollout.choose import chosen
from migrate.rollout.decide import Wish, smallest_percent
from migrate.rollout.promote import plan_back, plan_forward
from tests.apps.route_tables import table

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

TABLE = table()
SUBJECTS = {"u1", "u2", "u3"}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store in which three people called pools.list."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        append(
            connection,
            [
                Observation(subject, "pools.list", 1.0, Verdict.MATCH, "read", "live", "old", subject)
                for subject in SUBJECTS
            ],
        )
        yield connection


def wish(**changes: object) -> Wish:
    """A wish with a reason."""
    return Wish(by="eva", reason="why", **changes)  # type: ignore[arg-type]


def stand(connection: sqlite3.Connection, stage: Stage, percent: float = 0.0, route: str = "pools.list") -> None:
    """Put a route into a stage."""
    store = FlagStore(connection)
    store.change([Flag(route, stage, percent=percent)], expected=store.snapshot())


def test_a_route_that_is_not_ready_is_refused_with_its_blockers(connection: sqlite3.Connection) -> None:
    """Each on a line of its own, and nothing is stored."""
    with pytest.raises(RefusedError, match=r"(?s)not ready \(2 of 2 routes\).*pools\.list: .*pools\.delete: "):
        plan_forward(connection, TABLE, chosen(TABLE, ["pools.*"]), wish())
    assert FlagStore(connection).snapshot().revision == 0


def test_force_passes_over_and_remembers_what(connection: sqlite3.Connection) -> None:
    """The plan holds the blockers for the audit trail."""
    plan = plan_forward(connection, TABLE, chosen(TABLE, ["pools.list"]), wish(force=True))
    assert [move.after.stage for move in plan.moves] == [Stage.SHADOW]
    assert plan.moves[0].after.forced
    assert plan.overridden["pools.list"]


def test_a_ready_route_goes_on_without_force(connection: sqlite3.Connection) -> None:
    """With a gateway running, the table valid, shadow is open."""
    now = time.time()
    for kind in ("gateway", "shadow"):
        FlagStore(connection).announce(Process(kind, kind, 1, "h", "127.0.0.1:1", now, now + 60, 0, now))
    plan = plan_forward(connection, TABLE, chosen(TABLE, ["pools.list"]), wish())
    assert plan.overridden == {}
    assert [move.after.stage for move in plan.moves] == [Stage.SHADOW]


def test_a_cohort_that_holds_nobody_known_is_refused_with_the_smallest_that_does(
    connection: sqlite3.Connection,
) -> None:
    """Also when only the share grows."""
    stand(connection, Stage.CANARY, 0.0)
    salt = FlagStore(connection).snapshot().salt
    least = smallest_percent(salt, "main", SUBJECTS)
    assert least
    routes = chosen(TABLE, ["pools.list"])
    with pytest.raises(RefusedError, match=f"none of the 3 known subjects.*--percent {least:g}\n"):
        plan_forward(connection, TABLE, routes, wish(percent=max(least - 0.01, 0.001)))
    assert plan_forward(connection, TABLE, routes, wish(percent=least)).overridden == {}


def test_a_canary_of_a_route_that_nobody_called_is_refused(connection: sqlite3.Connection) -> None:
    """There is no subject to be served."""
    stand(connection, Stage.CANARY, 0.0, "pools.delete")
    with pytest.raises(RefusedError, match="no subject was seen yet"):
        plan_forward(connection, TABLE, chosen(TABLE, ["pools.delete"]), wish(percent=50.0))


def test_a_skip_by_force_names_the_blockers_of_every_step(connection: sqlite3.Connection) -> None:
    """Legacy to canary is two steps, with the checks of both."""
    plan = plan_forward(
        connection, TABLE, chosen(TABLE, ["pools.list"]), wish(to=Stage.CANARY, percent=100.0, force=True)
    )
    one = plan_forward(connection, TABLE, chosen(TABLE, ["pools.list"]), wish(force=True))
    assert set(plan.overridden["pools.list"]) > set(one.overridden["pools.list"])


def test_routes_that_stand_there_already_are_left_out(connection: sqlite3.Connection) -> None:
    """When all of them do, there is nothing to do."""
    stand(connection, Stage.SHADOW)
    plan = plan_forward(connection, TABLE, chosen(TABLE, ["pools.*"]), wish(to=Stage.SHADOW, force=True))
    assert [move.after.route for move in plan.moves] == ["pools.delete"]
    with pytest.raises(RefusedError, match=r"nothing to do: pools\.list stands there already"):
        plan_forward(connection, TABLE, chosen(TABLE, ["pools.list"]), wish(to=Stage.SHADOW))


def test_a_rollback_asks_nobody(connection: sqlite3.Connection) -> None:
    """Any earlier stage, at once."""
    stand(connection, Stage.CLOSED)
    plan = plan_back(connection, chosen(TABLE, ["pools.list"]), wish(to=Stage.LEGACY))
    assert [(move.before.stage, move.after.stage) for move in plan.moves] == [(Stage.CLOSED, Stage.LEGACY)]
