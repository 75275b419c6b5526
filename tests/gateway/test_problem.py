"""Problems."""

from __future__ import annotations

import json

import pytest

from gateway.problem import BadRequest, Moved, NotAllowed, Problem, Unauthenticated, Unreachable


def test_body_carries_detail_and_the_members_of_the_rfc() -> None:
    """A problem says type, title, status and detail, a short reason, and the request id."""
    document = json.loads(BadRequest("näh", reason="target").body("id-1"))
    assert document == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "näh",
        "reason": "target",
        "request_id": "id-1",
    }


def test_reason_defaults_to_the_status() -> None:
    """Without a reason the status names itself."""
    assert Unauthenticated("x").reason == "unauthorized"


def test_not_allowed_lists_methods() -> None:
    """A 405 carries Allow."""
    assert NotAllowed(["GET", "POST"]).headers == (("allow", "GET, POST"),)


def test_moved_carries_its_location() -> None:
    """A 307 carries Location."""
    assert Moved("/a").headers == (("location", "/a"),)


@pytest.mark.parametrize("problem", [Problem("x"), BadRequest("x")])
def test_policy_refuses_unless_the_service_failed(problem: Problem) -> None:
    """Only failures of a service are no refusal of the gateway's own."""
    assert problem.refusal
    assert not Unreachable("x", reason="connect", sent=False).refusal
