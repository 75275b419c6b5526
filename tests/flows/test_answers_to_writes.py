from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import DifferenceKind, Verdict
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.answer_shapes import known_answers
from gateway.store.browse import browse
from gateway.store.database import open_store
from migrate.demo.dashboard import Dashboard
from migrate.demo.stack import Stack
from shadow.answer_shape import LEAST
from tests.apps.losing_gateway import MEMBER, ROUTE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.core.observation import Observation


def move(stack: Stack, stage: Stage) -> None:
    """Every exposed route to a stage, taken over by every process."""
    with closing(open_store(stack.places.store)) as connection:
        flags = FlagStore(connection)
        changed = [Flag(route.id, stage, by="test") for route in stack.table.select("*")]
        revision = flags.change(changed, expected=flags.snapshot()).revision
        until(lambda: all(one.revision >= revision for one in flags.processes()))


def until(true: Callable[[], bool]) -> None:
    """Wait for it, half a minute at most."""
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(stack: Stack) -> int:
    """How many answers of legacy to the one write were learned."""
    with closing(open_store(stack.places.store)) as connection:
        shape = known_answers(connection).shapes.get((ROUTE, 201))
        return shape.answers if shape else 0


def told(stack: Stack) -> list[Observation]:
    """What was found in answers to writes that the gateway served."""
    with closing(open_store(stack.places.store)) as connection:
        return [one for one in browse(connection) if one.mode == "answer"]


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_a_member_lost_from_a_writes_answer_is_found_by_name(tmp_path: Path) -> None:
    """Behind a healthy gateway a whole session raises nothing; one that loses a member is told, with the member."""
    with Stack(tmp_path) as stack:
        healthy = stack.start_gateway()
        stack.start_shadow()
        move(stack, Stage.SHADOW)
        with closing(Dashboard(stack.listeners, stack.platform.urls["sidecar"], stack.seed)) as dashboard:
            dashboard.sign_in()
            for _ in range(LEAST):
                for page in list(dashboard.pages())[1:-1]:
                    page.visit()
            until(lambda: answers(stack) >= LEAST)
            move(stack, Stage.GATEWAY)
            for page in list(dashboard.pages())[1:-1]:
                page.visit()
            stack.children.stop(healthy)
            policy = stack.table.policy
            stack.children.start("losing", ["tests.apps.losing_gateway"], [policy.listen, policy.internal_listen])
            dashboard.api_keys()
            until(lambda: bool(told(stack)))
        (seen,) = told(stack)
        assert (seen.route, seen.verdict) == (ROUTE, Verdict.MISMATCH)
        (found,) = seen.differences
        assert (found.location, found.path, found.kind) == ("shape", f"$.{MEMBER}", DifferenceKind.MISSING)
        shown = stack.children.command("diffs", ROUTE)
        assert f"$.{MEMBER}" in shown.stdout
        assert "shape" in shown.stdout
