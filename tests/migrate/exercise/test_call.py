from __future__ import annotations

import json

from gateway.core.exercise import Example
from gateway.core.routes import Lookup
from migrate.exercise.call import NOBODY, Caller, legacy_call
from tests.apps.table import place, route, table

ME = Caller("user-1", "org-1", (("Authorization", "Bearer t"),))


def made(
    *arguments: str | None, example: Example | None = None, **options: object
) -> tuple[str, dict[str, object], str]:
    """Method with target, JSON body, and the headers' names."""
    one = route("r", "compute", *arguments, **options)
    of = table("http://127.0.0.1:1", one)
    request = legacy_call(one, of.services["compute"], example or Example(), ME)
    names = " ".join(name for name, _ in request.headers)
    return f"{request.method} {request.target}", json.loads(request.body or b"{}"), names


def test_a_call_is_complete_and_means_nothing() -> None:
    """Path parameters that nobody gave name nothing; text is encoded; the caller's headers are there."""
    assert made("GET /a/{id}", "GET /b/{id}") == (f"GET /a/{NOBODY}", {}, "Host Accept Authorization")
    example = Example({"id": "x/ü"}, "limit=5&tag=a&tag=b")
    assert made("GET /a/{id}", "GET /b/{id}", example=example)[0] == "GET /a/x%2F%C3%BC?limit=5&tag=a&tag=b"
    assert made("POST /a", "POST /b", example=Example(body='{"n": 1}'))[1:] == (
        {"n": 1},
        "Host Accept Authorization Content-Type Content-Length",
    )


def test_what_must_be_the_callers_own_is() -> None:
    """Whatever the example says, and where the legacy call has it."""
    example = Example(query="owner_id=other&limit=1", body='{"org_id": "other", "n": 1}')
    asked, _, _ = made("GET /a", "GET /b", example=example, scope=("query.owner_id",))
    assert asked == "GET /a?limit=1&owner_id=org-1"
    _, body, _ = made("POST /a", "POST /b", example=example, scope=("body.org_id",))
    assert body == {"org_id": "org-1", "n": 1}
    moved = made(
        "GET /a/{owner_id}", "GET /b", scope=("query.owner_id",), moves=[("path.owner_id", "query.owner_id")]
    )
    assert moved[0] == "GET /a/org-1"


def test_what_is_looked_up_names_nothing_unless_given() -> None:
    """A value that may name nothing where one is declared."""
    lookup = Lookup("r", ("id",), place("body.pool_id"), spare=("none",))
    assert made("POST /a", "POST /b", lookups=(lookup,))[1] == {"pool_id": "none"}
    given = Example(body='{"pool_id": "p"}')
    assert made("POST /a", "POST /b", example=given, lookups=(lookup,))[1] == {"pool_id": "p"}
