from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from gateway.core.policy import Cors, Limit, Policy


def test_usual_policy_listens_on_this_machine_only() -> None:
    """Nothing is open to the network unless the file says so."""
    policy = Policy()
    assert policy.listen.startswith("127.0.0.1:")
    assert policy.internal_listen.startswith("127.0.0.1:")
    assert policy.cors == Cors()


def test_policy_is_a_value() -> None:
    """It is swapped whole, never changed."""
    with pytest.raises(FrozenInstanceError):
        Limit(1.0).rate = 2.0  # type: ignore[misc]
