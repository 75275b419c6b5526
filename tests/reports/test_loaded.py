from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.objectives import Aim, Promised
from gateway.store.audit import put_result
from loadtests.results import stored
from reports.loaded import by_route, of
from tests.loadtests.test_results import KNEE, RESULT
from tests.reports.builders import store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_speaks_of_the_routes_that_it_loaded_at_the_gateway() -> None:
    """Those that a digest ties to what they were; not of legacy's, and not of a search that breaks on purpose."""
    found = of(stored(RESULT), {})
    assert set(found) == {"a"}
    assert (found["a"].run, found["a"].answers, found["a"].reasons) == ("load-1", 100, ())
    assert of(stored(KNEE), {}) == {}


@pytest.mark.parametrize(
    ("promise", "reason"),
    [
        (Promised({Aim.P95: 0.5}), ""),
        (Promised({Aim.P95: 2.0, Aim.RATIO: 3.5}), ""),
        (Promised({Aim.P95: 0.3}), "a: judged by p95 500 ms, where 300 ms is promised"),
        (Promised({Aim.ERRORS: 0.001}), "a: judged by errors nothing, where 0.1% is promised"),
        (Promised({Aim.P95: 0.5}, frozenset({Aim.P95})), "a: judged without the proof of p95 that is required"),
    ],
)
def test_a_run_held_to_less_than_is_promised_says_so(promise: Promised, reason: str) -> None:
    """Options like --p95 serve to try things; they prove nothing of what the route table asks."""
    assert of(stored(RESULT), {"a": promise})["a"].reasons == ((reason,) if reason else ())


def test_a_later_run_of_others_leaves_what_is_known(tmp_path: Path) -> None:
    """A search for the knee in between hides nothing."""
    filled = store(tmp_path)
    for number, result in enumerate((RESULT, KNEE)):
        row = stored(result)
        put_result(filled.db, type(row)(f"r{number}", row.kind, row.at + number, row.passed, row.body))
    assert by_route(filled.db, {})["a"].run == "r0"
