"""Stages."""

from __future__ import annotations

import pytest

from gateway.core.routes import Stage
from gateway.flags.flag import Flag, FlagSnapshot
from gateway.problem import NotFound
from gateway.stage import Standing, standing
from tests.apps.table import route

ROUTE = route("r", "compute", "GET /a", "GET /b")


@pytest.mark.parametrize("stage", [Stage.CANARY, Stage.GATEWAY, Stage.CLOSED])
def test_from_canary_on_a_route_is_served(stage: Stage) -> None:
    """Canary, gateway and closed are served in full on the gateway path."""
    assert standing(FlagSnapshot(flags={"r": Flag("r", stage)}), ROUTE) is Standing.SERVED


@pytest.mark.parametrize("stage", [Stage.LEGACY, Stage.SHADOW])
def test_before_canary_only_a_route_that_came_back_is_passed_through(stage: Stage) -> None:
    """A route that never left shadow is 404; one that was rolled back is transparent."""
    with pytest.raises(NotFound):
        standing(FlagSnapshot(flags={"r": Flag("r", stage)}), ROUTE)
    back = FlagSnapshot(flags={"r": Flag("r", stage, left_shadow=True)})
    assert standing(back, ROUTE) is Standing.TRANSPARENT


def test_copies_are_answered_in_every_stage() -> None:
    """A marked copy ignores the stage."""
    assert standing(FlagSnapshot(), ROUTE, copy=True) is Standing.COPY
