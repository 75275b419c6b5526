from __future__ import annotations

import pytest

from gateway.core.exchange import Failure, Headers, Response
from migrate.probe.refusal import other_status, unlike

CHALLENGE = ("www-authenticate", "Bearer")
PROBLEM = ("content-type", "application/problem+json")
REFUSED = ("Cutover-Refused", "1")
BODY = b'{"detail":"Authentication required"}'


@pytest.mark.parametrize(
    ("answer", "location"),
    [
        (Response(401, (CHALLENGE, PROBLEM, REFUSED), BODY), ""),
        (Response(500, (CHALLENGE, PROBLEM, REFUSED), BODY), "status"),
        (Failure("timeout", "late"), "status"),
        (Response(401, (PROBLEM, REFUSED), BODY), "header:www-authenticate"),
        (Response(401, (("www-authenticate", "Basic"), PROBLEM, REFUSED), BODY), "header:www-authenticate"),
        (Response(401, (CHALLENGE, REFUSED), BODY), "header:content-type"),
        (Response(401, (CHALLENGE, PROBLEM, REFUSED), b"no"), "body:$.detail"),
        (Response(401, (CHALLENGE, PROBLEM, REFUSED), b'{"detail":""}'), "body:$.detail"),
        (Response(401, (CHALLENGE, PROBLEM), BODY), "header:cutover-refused"),
    ],
)
def test_the_first_thing_that_is_missing(answer: Response | Failure, location: str) -> None:
    """A proper refusal is nothing wrong; anything else names its place."""
    wrong = unlike(answer, "how", copy=True)
    assert (wrong.location if wrong else "") == location


def test_in_public_the_sign_of_a_copy_is_not_asked_for() -> None:
    """Clients are never told of it."""
    headers: Headers = (CHALLENGE, PROBLEM)
    assert unlike(Response(401, headers, BODY), "how") is None


def test_other_statuses_are_named() -> None:
    """What was allowed, and what came."""
    wrong = other_status(Response(302), {404, 400}, "how")
    assert wrong is not None
    assert (wrong.expected, wrong.seen, wrong.detail) == ("400 or 404", "302", "how")
    assert other_status(Response(404), {404}, "how") is None
