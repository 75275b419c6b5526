from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from loadtests.plan import LoadPlan
from loadtests.process import run
from tests.apps.load_target import CREDENTIALS, Behaviour, running

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.results import LoadResult


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Behaviour, LoadResult]:
    """What one user at the dashboard did in three seconds; importing locust here would patch this very process."""
    directory: Path = tmp_path_factory.mktemp("dashboard")
    behaviour = Behaviour(delay={"/api/v1/": 0.02}, redirect="/api/v1/api-keys")
    with running(directory, behaviour) as target:
        plan = LoadPlan(target.config, users=1, run_time=3, spawn_rate=5, think=0.0)
        return behaviour, run(plan, environment={**os.environ, **CREDENTIALS})


def test_calls_of_a_wave_go_out_together(seen: tuple[Behaviour, LoadResult]) -> None:
    """One user has several calls under way at once, as a browser has."""
    assert seen[0].most_in_flight > 1


def test_ids_come_from_earlier_answers(seen: tuple[Behaviour, LoadResult]) -> None:
    """Detail pages ask for deployments that the list named, of the organisation that the token named."""
    asked = {path for path in seen[0].seen if path.startswith("/api/v1/deployments/")}
    assert asked == {"/api/v1/deployments/d-1", "/api/v1/deployments/d-2"}
    assert "pools.list" in seen[1].sides["gateway"].routes


def test_redirects_are_failures_and_not_followed(seen: tuple[Behaviour, LoadResult]) -> None:
    """A redirect counts as what it is, and its target gets no load."""
    keys = seen[1].sides["gateway"].routes["keys.list"]
    assert keys.failures == keys.requests
    assert keys.errors == {"HTTP 307": keys.requests}
    assert "/elsewhere" not in seen[0].seen


def test_public_routes_get_no_credentials(seen: tuple[Behaviour, LoadResult]) -> None:
    """The token goes to routes that want it and to no other."""
    assert seen[0].credentials["/api/v1/health"] == {""}
    assert all(value.startswith("Bearer ") for value in seen[0].credentials["/api/v1/deployments"])


def test_the_first_page_is_loaded_once_per_user(seen: tuple[Behaviour, LoadResult]) -> None:
    """Who am I is asked when the user starts, not on every page."""
    assert seen[0].seen["/api/v1/auth/me"] == 1
