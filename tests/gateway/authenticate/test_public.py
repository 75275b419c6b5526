"""Public routes."""

from __future__ import annotations

from gateway.authenticate.public import public
from gateway.caller import ANONYMOUS
from gateway.core.policy import Policy
from tests.apps.table import settings


def test_anyone_is_nobody() -> None:
    """With any credential or none the caller is anonymous."""
    for value in (None, "Bearer x", "nonsense"):
        assert public(value, Policy(), settings()) is ANONYMOUS
