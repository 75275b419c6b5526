from __future__ import annotations

import pytest

from tests.apps.platform_load import everybody

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


def test_heartbeats_go_to_orchestration_alone() -> None:
    """Nodes do not know the gateway; a node nobody knows is answered 404, and that is no failure."""
    sides = everybody().result.sides
    assert sides["legacy"].routes["internal.heartbeat"].errors == {}
    assert "internal.heartbeat" not in sides["gateway"].routes
