from __future__ import annotations

from gateway.core.idempotency import Idempotency
from gateway.core.policy import Policy


def test_a_key_is_good_for_a_day_unless_the_file_says_otherwise() -> None:
    """Nothing has to be written."""
    assert Policy().idempotency == Idempotency(keep=86_400.0, lease=30.0, max_answer=1024 * 1024)
