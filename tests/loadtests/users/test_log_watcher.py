from __future__ import annotations

import pytest

from tests.apps.platform_load import everybody

pytestmark = [pytest.mark.proof, pytest.mark.timeout(120)]


def test_logs_are_watched_by_the_socket_of_each_side() -> None:
    """Lines arrive on both sides; the gateway's socket is opened with the ticket it handed out."""
    for side in ("legacy", "gateway"):
        socket = everybody().result.sides[side].routes["deployments.log-socket"]
        assert (socket.failures, socket.requests > 0) == (0, True)
        assert socket.timings["first_line"].total == socket.requests
        assert "longest_gap" in socket.timings


def test_only_deployments_with_a_log_are_watched() -> None:
    """Descriptors of external deployments are not asked for again and again."""
    for side in everybody().result.sides.values():
        assert side.routes["deployments.log-stream"].errors == {}
