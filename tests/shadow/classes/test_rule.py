"""What classes look at."""

from __future__ import annotations

from gateway.core.exchange import Failure
from tests.shadow.cases import answer, case, pair


def test_a_case_shows_both_sides() -> None:
    """Statuses, members and headers of the answers, the request, and the service."""
    one = case(pair(answer({"detail": 1}), answer({"detail": 2}, ("Link", "x"), status=201)))
    assert one.statuses == (200, 201)
    assert (one.legacy_member("detail"), one.gateway_member("detail")) == (1, 2)
    assert (one.gateway_header("link"), one.gateway_header("absent")) == ("x", "")
    assert one.request.target == "/items"
    assert one.service.name == "api"


def test_without_answers_there_is_nothing_to_see() -> None:
    """A failed exchange has no statuses, members or headers."""
    one = case(pair(answer([]), Failure("timeout")))
    assert one.statuses == (0, 0)
    assert (one.legacy_member("a"), one.gateway_member("a"), one.gateway_header("a")) == (None, None, "")
