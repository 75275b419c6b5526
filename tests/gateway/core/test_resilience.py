"""What is borne with where nothing is said."""

from __future__ import annotations

from gateway.core.policy import Policy


def test_a_failing_service_is_left_alone_unless_told_otherwise() -> None:
    """Without a word in the file, circuit, retry budget and client limits are on."""
    policy = Policy()
    assert (policy.circuit.failures, policy.circuit.least, policy.circuit.trials) == (0.5, 20, 3)
    assert (policy.retries.share, policy.retries.floor) == (0.1, 1.0)
    assert (policy.clients.idle, policy.clients.rate) == (30.0, 500)
