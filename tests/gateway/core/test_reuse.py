"""What is shared where nothing is said."""

from __future__ import annotations

from gateway.core.reuse import Caching
from tests.apps.table import route


def test_nothing_is_shared_unless_told_so() -> None:
    """A route keeps and joins nothing by itself, and caching alone makes nothing fresh that the service does not."""
    plain = route("r", "compute", "GET /a", "GET /a")
    assert (plain.coalesce, plain.cache, plain.health) == (False, None, False)
    assert Caching() == Caching(0.0, ())
