from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Stage
from reports.criteria import TO_CANARY, Targets
from reports.readiness_report import build
from tests.reports.builders import ROUTE, WRITE, clean, store, table

if TYPE_CHECKING:
    from pathlib import Path


def test_each_route_is_judged_for_its_next_step(tmp_path: Path) -> None:
    """Every asked route stands in the report with its bound, its step and what it misses."""
    filled = store(tmp_path, clean(40))
    filled.stage(Stage.SHADOW)
    filled.process()
    filled.probe()
    first, second = build(filled.evidence(), table(), Targets(parity=0.9)).routes
    assert (first.evidence.route, second.evidence.route) == (ROUTE, WRITE)
    assert first.readiness is not None
    assert first.readiness.step == TO_CANARY
    assert first.ready
    assert first.bound > 0.9


def test_ready_means_all_of_them(tmp_path: Path) -> None:
    """One waiting route makes the whole report say no; globs choose the routes."""
    filled = store(tmp_path)
    filled.process()
    assert build(filled.evidence(), table()).ready
    filled.stage(Stage.SHADOW)
    filled.process()
    assert not build(filled.evidence(), table()).ready
    assert build(filled.evidence(), table(), globs=(WRITE,)).ready


def test_a_closed_route_has_arrived(tmp_path: Path) -> None:
    """It has no step left, misses nothing and holds nobody up."""
    filled = store(tmp_path)
    filled.stage(Stage.CLOSED)
    (route,) = build(filled.evidence(), table(), globs=(ROUTE,)).routes
    assert (route.readiness, route.ready, route.missing) == (None, True, [])
