from __future__ import annotations

import pytest

from tests.apps.platform_load import everybody

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


def test_every_persona_is_counted_under_its_routes_on_both_sides() -> None:
    """The run passes, and each route has answers of each side that it is on."""
    result = everybody().result
    assert result.passed, result.reasons
    for name in ("inference.chat", "deployments.log-socket", "knowledge.upload", "deployments.list"):
        assert all(result.sides[side].routes[name].requests for side in ("legacy", "gateway"))


def test_one_sign_in_serves_all_users() -> None:
    """Twelve users of five personas share one session, as the platform's limit wants."""
    logins = [entry for entry in everybody().arrived if "/auth/login" in entry["target"]]
    assert len(logins) == 2  # the run's, and the one that looked what was left


def test_nothing_is_left_behind() -> None:
    """The API key that was created for the run no longer works when it is over."""
    assert everybody().left == []
